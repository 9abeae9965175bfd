import OrderEvents
import Orders

/// What is kept under an idempotency key, as a draft and then as the answer: the order's id, a line break, and the
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

    /// The order again; nil when the document is none.
    func draft(of user: UserID) -> AcceptedOrder? {
        guard let order = try? Order(decoding: document.span, customer: user), order.id == orderID else {
            return nil
        }
        return AcceptedOrder(order, document: document)
    }
}
