package import JSON
package import Orders

/// `order.failed.v1`: the order's message is in the dead-letter queue.
package struct OrderFailed: OrderEvent {
    package static let type = OrderEventType.failed
    /// In UTF-8 bytes; a longer reason is truncated by `init` and rejected by the decoder.
    package static let longestReason = 512

    package let correlationID: CorrelationID
    package let orderID: OrderID
    package let reason: String

    package init(correlationID: CorrelationID, orderID: OrderID, reason: String) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.reason = Self.truncated(reason)
    }

    package init(from reader: inout JSONReader) throws(JSONError) {
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var reason: String?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "correlationId": correlationID = try reader.correlationID()
            case "orderId": orderID = try reader.orderID()
            case "reason": reason = try reader.reason()
            default: try reader.skip()
            }
        }
        self.correlationID = try reader.required(correlationID, "correlationId")
        self.orderID = try reader.required(orderID, "orderId")
        self.reason = try reader.required(reason, "reason")
    }

    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("correlationId", correlationID.description)
            writer.field("orderId", orderID.value)
            writer.field("reason", reason)
        }
    }

    private static func truncated(_ reason: String) -> String {
        guard reason.utf8.count > longestReason else { return reason.isEmpty ? "unknown" : reason }
        var end = reason.utf8.index(reason.startIndex, offsetBy: longestReason)
        while end.samePosition(in: reason.unicodeScalars) == nil { end = reason.utf8.index(before: end) }
        return String(reason[..<end])
    }
}
