import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// The use case: records accepted orders in batches and publishes their outcomes.
///
/// The transaction in PostgreSQL decides; a message is done once it has committed. What follows is repeated elsewhere
/// when it fails: the outbox relay publishes, and the delivery of an outcome moves its status in Redis.
@Loop
final class ProcessOrders: EventHandler {
    let store: any OrderStore
    let workflow: any WorkflowStore
    let publisher: EventPublisher
    let products: KnownProducts
    let events: EventFactory
    let metrics: ProcessingMetrics
    private let tracer: Tracer?
    private static let recording = TracedOperation(
        "record order", .client, [.init("db.system.name", .text("postgresql"))],
        keys: ["db.operation.batch.size"])
    let log: Logger?
    private let publishesProcessing: Bool

    /// The relay publishes later what is not confirmed by then.
    static let publishLimit = Duration.seconds(2)

    /// - Parameter publishesProcessing: whether sessions are sent PROCESSING.
    init(
        store: any OrderStore, workflow: any WorkflowStore, publisher: EventPublisher,
        publishesProcessing: Bool = true, metrics: ProcessingMetrics, tracer: Tracer? = nil,
        events: EventFactory = EventFactory(), log: Logger? = nil
    ) {
        self.store = store
        self.workflow = workflow
        self.publisher = publisher
        self.publishesProcessing = publishesProcessing
        self.metrics = metrics
        self.tracer = tracer
        self.log = log
        self.events = events
        products = KnownProducts(store)
    }

    func handle(_ batch: [Received<OrderAccepted>]) async throws -> [HandlingResult] {
        try await HandlingError.mapping {
            var work = ProcessingBatch(batch)
            try await products.check(&work)
            let items = work.items
            // Not later than the outcome's.
            let now = events.now()
            async let announced: Void = announce(items, at: now)
            do {
                try await record(&work)
            } catch {
                await announced
                throw error
            }
            await announced
            let recorded = work.items
            async let published: Void = publish(recorded.compactMap(\.recorded))
            await finish(recorded)
            await published
            for item in recorded {
                guard let order = item.recorded, order.isAliased else { continue }
                do throws(HandlingError) { try await publish(order, to: item.event, in: item.context) } catch
                {
                    // What cannot be published ever is no outage.
                    work.set(error.kind == .permanent ? .failed(error) : .deferred, for: item)
                }
            }
            metrics.count(work)
            return work.results
        }
    }

    /// Repeats a message whose order has no event in the outbox, and whose outcome could not be published.
    func handleDeferred(_ message: Received<OrderAccepted>) async throws -> HandlingResult {
        let result = try await handle([message])[0]
        guard result != .deferred else {
            throw HandlingError(.unavailable, "The outcome could not be published.")
        }
        return result
    }

    /// Moves the status in Redis from ACCEPTED to PROCESSING. Nothing depends on it.
    private func announce(_ items: [BatchItem], at time: Timestamp) async {
        guard !items.isEmpty else { return }
        let start = Instant.systemNow()
        await advance(items.map { $0.step(.processing, announcedAt: publishesProcessing ? time : nil) })
        metrics.begin.observe(start.duration(to: .systemNow()))
    }

    private func record(_ work: inout ProcessingBatch) async throws {
        let start = Instant.systemNow()
        var records: [OrderRecord] = []
        records.reserveCapacity(work.items.count)
        for item in work.items {
            records.append(try events.record(item, currency: products.currency(of: item)))
        }
        for (index, order) in try await stored(records).enumerated() {
            if let order {
                work.items[index].recorded = order
            } else {
                work.reject(index, "Its correlation id or order id belongs to another order.", .invalidOrder)
            }
        }
        trace(work.items, from: start)
        work.dropSettled()
        metrics.record.observe(start.duration(to: .systemNow()))
    }

    /// Each order has a span of the transaction, in its own trace, with links to the spans of the others that it was shared
    /// with, when they are exported.
    private func trace(_ items: [BatchItem], from start: Instant) {
        guard let tracer else { return }
        let end = Instant.systemNow()
        let exported = items.compactMap(\.context.trace).filter { tracer.exports($0) }
        for item in items {
            guard let parent = item.context.trace else { continue }
            tracer.record(
                TraceSpan(
                    Self.recording, parent.child(), of: item.event.correlationID.uuid, from: start, to: end,
                    .number(items.count),
                    links: parent.isSampled ? exported.filter { $0.spanID != parent.spanID } : []))
        }
    }

    private func stored(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?] {
        do throws(OrderRecordsError) { return try await store.record(records) } catch {
            if error.code == .unknownProduct { products.forget() }
            throw error
        }
    }

    /// Moves the status in Redis to what PostgreSQL has.
    private func finish(_ items: [BatchItem]) async {
        let start = Instant.systemNow()
        await advance(
            items.compactMap { item in
                item.recorded.map { $0.step(of: item.event, isReplay: item.isReplay) }
            })
        metrics.finish.observe(start.duration(to: .systemNow()))
    }

    /// Publishes an order's outcome once more, with the ids of a request that repeated its idempotency key: the client may
    /// have been told these alone. Each publication is another message; the mailbox recognizes the outcome.
    func publish(
        _ order: RecordedOrder, to repetition: OrderAccepted, in context: MessageContext
    ) async throws(HandlingError) {
        let payload: [UInt8]
        do throws(EventError) {
            payload = try order.event.payload(for: repetition)
        } catch {
            throw HandlingError(.permanent, error.description)
        }
        do throws(MessagingError) {
            try await publisher.publish(
                publisher.prepare(order.event.type, body: payload, in: context), within: Self.publishLimit)
        } catch {
            throw HandlingError(error)
        }
    }

    func advance(_ steps: [WorkflowStep]) async {
        do throws(WorkflowStateError) { _ = try await workflow.advance(steps) } catch {
            metrics.statusesLeft.increment(by: UInt64(steps.count))
        }
    }

    /// Publishes the unpublished events in one batch. The relay publishes what fails.
    func publish(_ orders: [RecordedOrder]) async {
        let start = Instant.systemNow()
        let waiting = orders.filter { !$0.isPublished && !$0.isAliased }
        if waiting.isEmpty { return }
        var messages: [OutboundMessage] = []
        messages.reserveCapacity(waiting.count)
        for order in waiting {
            if let message = try? publisher.prepare(order.event) { messages.append(message) }
        }
        guard messages.count == waiting.count else { return }
        let failures = await publisher.publish(messages, within: Self.publishLimit)
        store.markPublished(zip(waiting, failures).compactMap { $1 == nil ? $0.key : nil })
        metrics.eventsLeft.increment(by: UInt64(failures.count { $0 != nil }))
        metrics.publish.observe(start.duration(to: .systemNow()))
    }
}
