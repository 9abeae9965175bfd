import Messaging
import OrderEvents
import Orders
import WorkflowState

/// What an event means to the user: the order has come to an end.
struct OrderOutcome: Sendable, Hashable {
    var correlationID: CorrelationID
    var orderID: OrderID
    var status: OrderStatus
    /// `nil` where the event does not say: then when it was sent.
    var occurredAt: Timestamp?

    func update(in envelope: Envelope) -> StatusUpdate {
        let sentAt = Timestamp(milliseconds: Int64(clamping: envelope.timestamp) &* 1000)
        return StatusUpdate(
            correlationID: correlationID, orderID: orderID, status: status, occurredAt: occurredAt ?? sentAt)
    }

    /// Of the queues `order.processed` and `order.failed`.
    static let decoder = EventDecoder<OrderOutcome>()
        .reading(OrderProcessed.self) { event in
            OrderOutcome(
                correlationID: event.correlationID, orderID: event.orderID, status: .completed,
                occurredAt: event.processedAt)
        }
        .reading(OrderCancelled.self) { event in
            OrderOutcome(
                correlationID: event.correlationID, orderID: event.orderID, status: .cancelled,
                occurredAt: event.cancelledAt)
        }
        .reading(OrderFailed.self) { event in
            OrderOutcome(correlationID: event.correlationID, orderID: event.orderID, status: .failed)
        }
}
