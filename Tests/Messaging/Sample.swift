import EventLoop
import Messaging
import Observability
import OrderEvents
import Orders

/// Events and messages to test with.
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

    /// The number that `processed` put into an event.
    static func number(_ event: OrderProcessed) -> Int { Int(event.orderID.value) - 1 }
}

/// Does with each event what a test says, and keeps what it saw.
@Loop
final class RecordingHandler: EventHandler {
    var batches: [[Int]] = []
    var received: [Received<OrderProcessed>] = []
    var parkedReasons: [String] = []
    var parkedEvents: [Int?] = []
    /// What to throw for a batch.
    var failBatch: ([Int]) -> HandlingError? = { _ in nil }
    var verdict: (Int) -> HandlingResult = { _ in .done }
    var failParked = 0
    /// Waits for the verdict on a message that was put off.
    var undecided: CheckedContinuation<HandlingResult, Never>?

    nonisolated init() {}

    func handleDeferred(_ received: Received<OrderProcessed>) async throws -> HandlingResult {
        await withCheckedContinuation { undecided = $0 }
    }

    var handled: [Int] { batches.flatMap { $0 } }

    func handle(_ batch: [Received<OrderProcessed>]) async throws -> [HandlingResult] {
        let numbers = batch.map { Sample.number($0.event) }
        batches.append(numbers)
        received += batch
        if let error = failBatch(numbers) { throw error }
        return numbers.map(verdict)
    }

    func deadLettered(_ parked: DeadLetter<OrderProcessed>) async throws {
        if failParked > 0 {
            failParked -= 1
            throw HandlingError(.unavailable, "away")
        }
        parkedReasons.append(parked.reason)
        parkedEvents.append(parked.event.map(Sample.number))
    }
}
