import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// The use case: records accepted orders in batches and publishes their outcomes.
///
/// Every step is idempotent, and messages are acked after the last one: after a crash the batch runs again from the
/// start. PostgreSQL is the system of record; Redis and the published event follow it.
@Loop
final class ProcessOrders: EventHandler {
    let store: any OrderStore
    let workflow: any WorkflowStore
    let publisher: EventPublisher
    let products: KnownProducts
    let events: EventFactory
    let metrics: ProcessingMetrics
    private let publishesProcessing: Bool

    /// Well above the duration of a leader election.
    static let publishLimit = Duration.seconds(5)

    /// - Parameter publishesProcessing: whether sessions are sent PROCESSING.
    init(
        store: any OrderStore, workflow: any WorkflowStore, publisher: EventPublisher,
        publishesProcessing: Bool = true, metrics: ProcessingMetrics, events: EventFactory = EventFactory()
    ) {
        self.store = store
        self.workflow = workflow
        self.publisher = publisher
        self.publishesProcessing = publishesProcessing
        self.metrics = metrics
        self.events = events
        products = KnownProducts(store)
    }

    func handle(_ batch: [Received<OrderAccepted>]) async throws -> [HandlingResult] {
        try await HandlingError.mapping {
            var work = ProcessingBatch(batch)
            try await products.check(&work)
            try await begin(&work)
            try await record(&work)
            try await publish(work)
            try await finish(work)
            metrics.count(work)
            return work.results
        }
    }

    /// Moves the status to PROCESSING, or finds that the order was cancelled or has failed.
    private func begin(_ work: inout ProcessingBatch) async throws {
        let start = Instant.systemNow()
        let now = publishesProcessing ? events.now() : nil
        let steps = work.items.map { $0.step(.processing, announcedAt: now) }
        let outcomes = try await workflow.advance(steps)
        for (index, outcome) in outcomes.enumerated() {
            switch outcome.status.status {
            case .cancelled: work.items[index].status = .cancelled
            // FAILED is written after the message was dead-lettered and its event published: this is the original, which
            // a crash left unacked.
            case .failed where !work.items[index].isReplay: work.items[index].isSettled = true
            case .accepted, .processing, .completed, .failed: break
            }
        }
        work.dropSettled()
        metrics.begin.observe(start.duration(to: .systemNow()))
    }

    private func record(_ work: inout ProcessingBatch) async throws {
        let start = Instant.systemNow()
        var records: [OrderRecord] = []
        records.reserveCapacity(work.items.count)
        for item in work.items {
            records.append(try events.record(item, currency: products.currency(of: item)))
        }
        for (index, order) in try await store.record(records).enumerated() {
            if let order {
                work.items[index].recorded = order
            } else {
                work.reject(index, "Its correlation id or order id belongs to another order.")
            }
        }
        work.dropSettled()
        metrics.record.observe(start.duration(to: .systemNow()))
    }

    private func publish(_ work: ProcessingBatch) async throws {
        let start = Instant.systemNow()
        try await publish(work.items.compactMap(\.recorded))
        metrics.publish.observe(start.duration(to: .systemNow()))
    }

    /// Moves the status to what PostgreSQL has, and writes an expired owner again.
    private func finish(_ work: ProcessingBatch) async throws {
        let start = Instant.systemNow()
        let steps = work.items.compactMap { item in item.recorded.map { $0.step(isReplay: item.isReplay) } }
        _ = try await workflow.advance(steps)
        metrics.finish.observe(start.duration(to: .systemNow()))
    }

    /// Publishes the unpublished events in one batch. Those that are confirmed are marked even when others fail, whose
    /// error is thrown.
    func publish(_ orders: [RecordedOrder]) async throws {
        let waiting = orders.filter { !$0.isPublished }
        if waiting.isEmpty { return }
        var messages: [OutboundMessage] = []
        messages.reserveCapacity(waiting.count)
        for order in waiting { messages.append(try publisher.prepare(order.event)) }
        let failures = await publisher.publish(messages, within: Self.publishLimit)
        store.markPublished(zip(waiting, failures).compactMap { $1 == nil ? $0.key : nil })
        if let failure = failures.lazy.compactMap(\.self).first { throw HandlingError(failure) }
    }
}
