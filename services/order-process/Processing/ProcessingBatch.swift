import Messaging
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// A batch under way: one item an order, and a verdict a message.
struct ProcessingBatch {
    private(set) var results: [HandlingResult]
    var items: [BatchItem] = []
    /// Messages about an order that an earlier message of the batch is about.
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
                        HandlingError(.permanent, "Another order has the same correlation id."))
                }
                continue
            }
            seen[message.event.correlationID] = index
            items.append(BatchItem(message, at: index))
        }
    }

    mutating func reject(_ item: Int, _ reason: String) {
        results[items[item].index] = .failed(HandlingError(.permanent, reason))
        items[item].isSettled = true
    }

    mutating func dropSettled() { items.removeAll(where: \.isSettled) }
}

/// One order of a batch.
struct BatchItem {
    /// In the batch.
    let index: Int
    let event: OrderAccepted
    let context: MessageContext
    let messageID: String
    /// Whether an operator took the message out of the dead letters.
    let isReplay: Bool
    /// What the order is to end as.
    var status = OrderStatus.completed
    var recorded: RecordedOrder?
    /// Nothing more is to be done.
    var isSettled = false

    init(_ message: Received<OrderAccepted>, at index: Int) {
        self.index = index
        event = message.event
        context = message.context
        messageID = message.envelope.id
        isReplay = message.envelope.isReplay
    }

    func step(_ status: OrderStatus, announcedAt time: Timestamp?) -> WorkflowStep {
        WorkflowStep(
            status, correlationID: event.correlationID, orderID: event.orderID, owner: event.customer,
            cause: isReplay ? .replay : .processing, announcedAt: time)
    }
}

extension RecordedOrder {
    /// The last step: what is recorded.
    func step(isReplay: Bool) -> WorkflowStep {
        WorkflowStep(
            status, correlationID: correlationID, orderID: orderID, owner: owner,
            cause: isReplay ? .replay : .processing, isPersisted: true)
    }
}
