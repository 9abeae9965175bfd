import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders

/// Records the orders of the intake table, which order-accept uses while Redis or the broker does not answer. An order
/// that cannot be recorded goes to the broker, where it is retried and dead-lettered as any other.
@Loop
final class IntakeConsumer: Service {
    private let intake: any Intake
    private let handler: ProcessOrders
    private let publisher: EventPublisher
    private let ready: AsyncSignal
    private let log: Logger?
    private let taken: Counter
    /// Of the current sweep: orders that are recorded, and stay until the broker takes them, since their outcome is not told.
    private var recordedHere = 0

    private static let pause = Duration.milliseconds(200)
    private static let limit = 128

    init(
        _ intake: any Intake, handler: ProcessOrders, publisher: EventPublisher, after ready: AsyncSignal,
        log: Logger?, metrics: Metrics
    ) {
        self.intake = intake
        self.handler = handler
        self.publisher = publisher
        self.ready = ready
        self.log = log
        taken = metrics.counter("waybill_intake_orders_total", "Orders recorded from the intake table.")
    }

    /// Sweeps at random intervals, so that replicas take turns.
    func run() async throws {
        await ready.wait()
        var backoff = Backoff(base: Self.pause, cap: .seconds(5))
        while true {
            var pause = Self.pause / 2 + Self.pause.jittered
            do throws(OrderRecordsError) {
                while try await sweep() {}
                backoff.reset()
            } catch {
                if backoff.failures == 0 { log?.warning("intake.sweep_failed", ["error": "\(error)"]) }
                pause = backoff.next()
            }
            try await Loop.sleep(for: pause)
        }
    }

    /// - Returns: whether more orders wait and can be recorded.
    func sweep() async throws(OrderRecordsError) -> Bool {
        recordedHere = 0
        let (found, removed) = try await intake.sweep(limit: Self.limit) { await handle($0) }
        if removed > 0 {
            taken.increment(by: UInt64(removed))
            log?.info("intake.orders_taken", ["found": found, "taken": removed])
        }
        if removed + recordedHere < found {
            throw OrderRecordsError(.unavailable, "orders of the intake table cannot be recorded")
        }
        return found == Self.limit && recordedHere == 0
    }

    private func handle(_ entries: [IntakeEntry]) async -> [Bool] {
        var messages: [Received<OrderAccepted>] = []
        var indices: [Int] = []
        var done = Array(repeating: false, count: entries.count)
        for (index, entry) in entries.enumerated() {
            guard let event = try? OrderAccepted(decoding: entry.payload.span) else {
                done[index] = await forward(entry)
                continue
            }
            messages.append(Received(event, InboundMessage(entry)))
            indices.append(index)
        }
        for (index, result) in zip(indices, await handle(messages)) {
            done[index] = result == .done
            if done[index] { continue }
            done[index] = await forward(entries[index])
            if !done[index], result == .deferred { recordedHere += 1 }
        }
        return done
    }

    private func handle(_ messages: [Received<OrderAccepted>]) async -> [HandlingResult] {
        if messages.isEmpty { return [] }
        do {
            return try await handler.handle(messages)
        } catch {
            let failure = error as? HandlingError ?? .unexpected
            if failure.kind == .unavailable || messages.count == 1 {
                return messages.map { _ in .failed(failure) }
            }
            var results: [HandlingResult] = []
            for message in messages { results += await handle([message]) }
            return results
        }
    }

    private func forward(_ entry: IntakeEntry) async -> Bool {
        let metadata = entry.metadata
        let context = MessageContext(
            correlationID: metadata.correlationID.description, causationID: metadata.causationID,
            trace: metadata.traceparent.flatMap { TraceContext(traceparent: $0) })
        do throws(MessagingError) {
            let message = try publisher.prepare(
                .accepted, body: entry.payload, in: context, id: metadata.messageID)
            try await publisher.publish(message, within: ProcessOrders.publishLimit)
            return true
        } catch {
            return false
        }
    }
}

extension InboundMessage {
    /// The message that the broker would have carried.
    fileprivate init(_ entry: IntakeEntry) {
        let metadata = entry.metadata
        self.init(
            envelope: Envelope(
                id: metadata.messageID, correlationID: metadata.correlationID.description,
                type: OrderEventType.accepted.rawValue, timestamp: UInt64(WallClock.seconds()),
                appID: "order-accept", trace: metadata.traceparent.flatMap { TraceContext(traceparent: $0) },
                causationID: metadata.causationID),
            body: entry.payload, isRedelivered: false, token: Token(tag: 0, generation: 0))
    }
}
