import Messaging
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// A batch in processing: one item for each order, one result for each message.
struct ProcessingBatch {
    private(set) var results: [HandlingResult]
    var items: [BatchItem] = []
    /// Messages whose order is the subject of an earlier message of the batch.
    private(set) var duplicates = 0

    init(_ batch: [Received<OrderAccepted>]) {
        results = Array(repeating: .done, count: batch.count)
        items.reserveCapacity(batch.count)
        var seen: [CorrelationID: Int] = [:]
        seen.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            if let first = seen[message.event.correlationID] {
                duplicates += 1
                if batch[first].event != message.event {
                    results[index] = .failed(
                        HandlingError(
                            .permanent, "Another order has the same correlation id.",
                            code: OrderFailureCode.invalidOrder.rawValue))
                }
                continue
            }
            seen[message.event.correlationID] = index
            items.append(BatchItem(message, at: index))
        }
    }

    mutating func reject(_ item: Int, _ reason: String, _ code: OrderFailureCode) {
        results[items[item].index] = .failed(HandlingError(.permanent, reason, code: code.rawValue))
        items[item].isSettled = true
    }

    mutating func set(_ result: HandlingResult, for item: BatchItem) { results[item.index] = result }

    mutating func dropSettled() { items.removeAll(where: \.isSettled) }
}

/// One order of a batch.
struct BatchItem: Sendable {
    /// Index in the batch.
    let index: Int
    let message: Received<OrderAccepted>
    var recorded: RecordedOrder?
    /// Whether the item needs no further step.
    var isSettled = false

    init(_ message: Received<OrderAccepted>, at index: Int) {
        self.index = index
        self.message = message
    }

    var event: OrderAccepted { message.event }
    var context: MessageContext { message.context }
    var body: [UInt8] { message.body }
    /// Whether an operator replayed the message from the dead-letter queue.
    var isReplay: Bool { message.envelope.isReplay }

    func step(_ status: OrderStatus, announcedAt time: Timestamp?) -> WorkflowStep {
        WorkflowStep(
            status, correlationID: event.correlationID, orderID: event.orderID, owner: event.customer,
            cause: isReplay ? .replay : .processing, announcedAt: time)
    }
}

extension RecordedOrder {
    /// The step of a message's order to the recorded status.
    func step(of event: OrderAccepted, isReplay: Bool) -> WorkflowStep {
        WorkflowStep(
            status, correlationID: event.correlationID, orderID: event.orderID, owner: owner,
            cause: isReplay ? .replay : .processing, isRecorded: true)
    }
}
