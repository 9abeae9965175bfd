import Messaging
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// A batch under way: one job an order, and a verdict a message.
struct Workload {
    private(set) var verdicts: [Verdict]
    var jobs: [Job] = []
    /// Messages about an order that an earlier message of the batch is about.
    private(set) var repeated = 0

    init(_ batch: [Received<OrderAccepted>]) {
        verdicts = Array(repeating: .done, count: batch.count)
        jobs.reserveCapacity(batch.count)
        var seen: [CorrelationID: Int] = [:]
        seen.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            if let first = seen[message.event.correlationID] {
                repeated += 1
                if batch[first].event != message.event {
                    verdicts[index] = .failed(
                        HandlingError(.permanent, "Another order has the same correlation id."))
                }
                continue
            }
            seen[message.event.correlationID] = index
            jobs.append(Job(message, at: index))
        }
    }

    mutating func refuse(_ job: Int, _ reason: String) {
        verdicts[jobs[job].index] = .failed(HandlingError(.permanent, reason))
        jobs[job].isSettled = true
    }

    mutating func dropSettled() { jobs.removeAll(where: \.isSettled) }
}

/// One order of a batch.
struct Job {
    /// In the batch.
    let index: Int
    let event: OrderAccepted
    let scope: MessageScope
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
        scope = message.scope
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
