import EventLoop
import Messaging
import Observability
import OrderRecords
import Orders

/// Publishes events that a crash left unpublished.
@Loop
final class OutboxRelay: Service {
    private let outbox: any Outbox
    private let publisher: EventPublisher
    private let ready: AsyncSignal
    private let log: Logger?
    private let relayed: Counter
    private let waiting: Gauge
    private let oldest: Gauge

    /// The time that the process which recorded an event has to publish it.
    static let age = Duration.seconds(2)
    static let pause = Duration.seconds(1)
    static let limit = 256

    init(
        _ outbox: any Outbox, _ publisher: EventPublisher, after ready: AsyncSignal, log: Logger?,
        metrics: Metrics
    ) {
        self.outbox = outbox
        self.publisher = publisher
        self.ready = ready
        self.log = log
        relayed = metrics.counter(
            "waybill_outbox_relayed_total", "Events published by the relay.")
        waiting = metrics.gauge("waybill_outbox_events", "Events not marked as published.")
        oldest = metrics.gauge("waybill_outbox_age_seconds", "Age of the oldest unpublished event.")
    }

    /// Sweeps at random intervals, so that replicas take turns.
    func run() async throws {
        await ready.wait()
        while true {
            try await Loop.sleep(for: Self.pause / 2 + Self.pause.jittered)
            do throws(OrderRecordsError) {
                while try await sweep() {}
                let backlog = try await outbox.backlog()
                waiting.value = Double(backlog.count)
                oldest.value = backlog.age.seconds
            } catch {
                log?.debug("outbox.sweep_failed", ["error": "\(error)"])
            }
        }
    }

    /// - Returns: whether more events are unpublished and publishing succeeds.
    func sweep() async throws(OrderRecordsError) -> Bool {
        let sweep = try await outbox.sweep(olderThan: Self.age, limit: Self.limit) { await publish($0) }
        guard let sweep, sweep.found > 0 else { return false }
        relayed.increment(by: UInt64(sweep.published))
        if sweep.published > 0 {
            log?.info("outbox.relayed", ["found": sweep.found, "published": sweep.published])
        }
        return sweep.published == sweep.found
    }

    private func publish(_ events: [UnpublishedEvent]) async -> [Bool] {
        var messages: [OutboundMessage] = []
        var indices: [Int] = []
        for (index, event) in events.enumerated() {
            guard let message = try? publisher.prepare(event.event) else {
                log?.error(
                    "outbox.event_rejected",
                    ["orderId": event.key.orderID.value, "version": event.key.version],
                    cid: event.event.metadata.correlationID.description)
                continue
            }
            messages.append(message)
            indices.append(index)
        }
        var published = Array(repeating: false, count: events.count)
        let failures = await publisher.publish(messages, within: ProcessOrders.publishLimit)
        for (index, failure) in zip(indices, failures) where failure == nil { published[index] = true }
        return published
    }
}
