/// The value of `order:status:{cid}`: `ACCEPTED`, `PROCESSING`, `COMPLETED|123`, `FAILED|123` or
/// `CANCELLED|123`.
package struct WorkflowStatus: Hashable, Sendable {
    package let status: OrderStatus
    /// Present for final statuses only.
    package let orderID: OrderID?

    /// - Parameter orderID: dropped for a status that is not final.
    package init(_ status: OrderStatus, _ orderID: OrderID) {
        self.status = status
        self.orderID = status.isFinal ? orderID : nil
    }

    /// Nil unless the text has exactly one of the five forms.
    package init?(text: String) {
        guard let bar = text.utf8.firstIndex(of: UInt8(ascii: "|")) else {
            guard let status = OrderStatus(wireName: text), !status.isFinal else { return nil }
            self.status = status
            self.orderID = nil
            return
        }
        guard let status = OrderStatus(wireName: String(text[..<bar])), status.isFinal,
            let orderID = OrderID(String(text[text.utf8.index(after: bar)...]))
        else { return nil }
        self.status = status
        self.orderID = orderID
    }

    package var text: String {
        guard let orderID else { return status.wireName }
        return "\(status.wireName)|\(orderID)"
    }
}

extension WorkflowStatus: CustomStringConvertible {
    package var description: String { text }
}
