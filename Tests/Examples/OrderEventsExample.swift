import OrderEvents
import Orders

func orderEventsExample() async throws {
    let id = OrderID(1_001)
    let cancelled = OrderCancelled(
        correlationID: CorrelationID(high: 1, low: 2), orderID: id!, cancelledAt: Timestamp(milliseconds: 0))
    let body = cancelled.encode()
    let decoded = try OrderCancelled(decoding: body.span)
    print(OrderCancelled.type.rawValue, decoded == cancelled)
}
