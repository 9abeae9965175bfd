package import JSON
package import Orders

/// `order.processed.v1`: the order is in the database. Contains no user: the notifier looks the owner up.
package struct OrderProcessed: OrderEvent {
    package static let type = OrderEventType.processed

    package let correlationID: CorrelationID
    package let orderID: OrderID
    package let processedAt: Timestamp

    package init(correlationID: CorrelationID, orderID: OrderID, processedAt: Timestamp) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.processedAt = processedAt
    }

    package init(from reader: inout JSONReader) throws(JSONError) {
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var processedAt: Timestamp?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "correlationId": correlationID = try reader.correlationID()
            case "orderId": orderID = try reader.orderID()
            case "processedAt": processedAt = try reader.timestamp()
            default: try reader.skip()
            }
        }
        self.correlationID = try reader.required(correlationID, "correlationId")
        self.orderID = try reader.required(orderID, "orderId")
        self.processedAt = try reader.required(processedAt, "processedAt")
    }

    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("correlationId", correlationID.description)
            writer.field("orderId", orderID.value)
            writer.field("processedAt", processedAt.description)
        }
    }
}
