import EventLoop
import Messaging
import Observability
import OrderEvents
import Orders

/// Events and messages for tests.
enum Sample {
    static func processed(_ number: Int) -> OrderProcessed {
        OrderProcessed(
            correlationID: CorrelationID(
                unixMilliseconds: 1_700_000_000_000, randomA: 0, randomB: UInt64(number)),
            orderID: OrderID(Int64(number + 1))!, processedAt: Timestamp(milliseconds: 1_700_000_000_000))
    }

    static func context(_ event: some OrderEvent) -> MessageContext {
        MessageContext(correlationID: event.correlationID.description)
    }

    @Loop static func messages(_ numbers: Range<Int>, by publisher: EventPublisher) throws
        -> [OutboundMessage]
    {
        try numbers.map { try publisher.prepare(processed($0), in: context(processed($0))) }
    }

    /// The number that `processed` encoded in an event.
    static func number(_ event: OrderProcessed) -> Int { Int(event.orderID.value) - 1 }
}

/// Handles each event as the test configures, and records it.
@Loop
final class RecordingHandler: EventHandler {
    var batches: [[Int]] = []
    var received: [Received<OrderProcessed>] = []
    var deadLetterReasons: [String] = []
    var deadLetterEvents: [Int?] = []
    /// The error to throw for a batch.
    var failBatch: ([Int]) -> HandlingError? = { _ in nil }
    var result: (Int) -> HandlingResult = { _ in .done }
    var failingDeadLetterCalls = 0
    /// Handles a deferred message.
    var failDeferred: ((Int) throws -> HandlingResult)?
    /// Waits for the result of a deferred message.
    var undecided: CheckedContinuation<HandlingResult, Never>?

    nonisolated init() {}

    func handleDeferred(_ received: Received<OrderProcessed>) async throws -> HandlingResult {
        if let failDeferred { return try failDeferred(Sample.number(received.event)) }
        return await withCheckedContinuation { undecided = $0 }
    }

    var handled: [Int] { batches.flatMap { $0 } }

    func handle(_ batch: [Received<OrderProcessed>]) async throws -> [HandlingResult] {
        let numbers = batch.map { Sample.number($0.event) }
        batches.append(numbers)
        received += batch
        if let error = failBatch(numbers) { throw error }
        return numbers.map(result)
    }

    func deadLettered(_ deadLetter: DeadLetter<OrderProcessed>) async throws {
        if failingDeadLetterCalls > 0 {
            failingDeadLetterCalls -= 1
            throw HandlingError(.unavailable, "away")
        }
        deadLetterReasons.append(deadLetter.reason)
        deadLetterEvents.append(deadLetter.event.map(Sample.number))
    }
}
