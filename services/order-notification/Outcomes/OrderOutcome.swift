import Messaging
import OrderEvents
import Orders
import WorkflowState

/// The final status that an event reports for an order.
struct OrderOutcome: Sendable, Hashable {
    var correlationID: CorrelationID
    var orderID: OrderID
    var status: OrderStatus
    /// Nil when the event does not carry it: then it is the time in the message's id, or that of sending.
    var occurredAt: Timestamp?

    func update(in envelope: Envelope) -> StatusUpdate {
        let issuedAt = CorrelationID(envelope.id)?.timestamp.map { min($0, .latest) }
        return StatusUpdate(
            correlationID: correlationID, orderID: orderID, status: status,
            occurredAt: occurredAt ?? issuedAt ?? Timestamp(seconds: envelope.timestamp))
    }

    /// Decodes the events of `order.processed` and `order.failed`.
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
