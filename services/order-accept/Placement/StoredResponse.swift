import Orders

/// The response stored with an idempotency key: the order's id, a line feed, and the body of the 201.
struct StoredResponse: Hashable, Sendable {
    let orderID: OrderID
    let document: [UInt8]

    init(_ accepted: AcceptedOrder) {
        orderID = accepted.order.id
        document = accepted.document
    }

    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let id = OrderID(ascii: bytes.span.extracting(0..<end))
        else { return nil }
        orderID = id
        document = Array(bytes[(end + 1)...])
    }

    var bytes: [UInt8] { Array("\(orderID)\n".utf8) + document }
}
