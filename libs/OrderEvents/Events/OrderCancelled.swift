package import JSON
package import Orders

/// `order.cancelled.v1`: the owner cancelled the order before its completion.
package struct OrderCancelled: OrderEvent {
    package static let type = OrderEventType.cancelled

    package let correlationID: CorrelationID
    package let orderID: OrderID
    package let cancelledAt: Timestamp

    package init(correlationID: CorrelationID, orderID: OrderID, cancelledAt: Timestamp) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.cancelledAt = cancelledAt
    }

    package init(from reader: inout JSONReader) throws(JSONError) {
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var cancelledAt: Timestamp?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "correlationId": correlationID = try reader.correlationID()
            case "orderId": orderID = try reader.orderID()
            case "cancelledAt": cancelledAt = try reader.timestamp()
            default: try reader.skip()
            }
        }
        self.correlationID = try reader.required(correlationID, "correlationId")
        self.orderID = try reader.required(orderID, "orderId")
        self.cancelledAt = try reader.required(cancelledAt, "cancelledAt")
    }

    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("correlationId", correlationID.description)
            writer.field("orderId", orderID.value)
            writer.field("cancelledAt", cancelledAt.description)
        }
    }
}
