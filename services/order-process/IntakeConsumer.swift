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
        let (found, removed) = try await intake.sweep(limit: Self.limit) { await handle($0) }
        if removed > 0 {
            taken.increment(by: UInt64(removed))
            log?.info("intake.orders_taken", ["found": found, "taken": removed])
        }
        if removed < found {
            throw OrderRecordsError(.unavailable, "orders of the intake table cannot be recorded")
        }
        return found == Self.limit
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
        for (index, isDone) in zip(indices, await handle(messages)) {
            if isDone { done[index] = true } else { done[index] = await forward(entries[index]) }
        }
        return done
    }

    private func handle(_ messages: [Received<OrderAccepted>]) async -> [Bool] {
        if messages.isEmpty { return [] }
        do {
            return try await handler.handle(messages).map { $0 == .done }
        } catch {
            if (error as? HandlingError)?.kind == .unavailable || messages.count == 1 {
                return messages.map { _ in false }
            }
            var done: [Bool] = []
            for message in messages { done += await handle([message]) }
            return done
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
