import OrderEvents
import Orders

/// The value of an idempotency key, first for the draft and then for the response: the order's id, a line feed, and the
/// body of the 201.
struct StoredResponse: Hashable, Sendable {
    let orderID: OrderID
    let document: [UInt8]

    init(orderID: OrderID, document: [UInt8]) {
        self.orderID = orderID
        self.document = document
    }

    init(_ accepted: AcceptedOrder) {
        self.init(orderID: accepted.order.id, document: accepted.document)
    }

    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let id = OrderID(ascii: bytes.span.extracting(0..<end))
        else { return nil }
        self.init(orderID: id, document: Array(bytes[(end + 1)...]))
    }

    var bytes: [UInt8] { Array("\(orderID)\n".utf8) + document }

    /// The stored order; nil when the document is not one.
    func draft(of user: UserID) -> AcceptedOrder? {
        guard let order = try? Order(decoding: document.span, customer: user), order.id == orderID else {
            return nil
        }
        return AcceptedOrder(order, document: document)
    }
}
