import Orders

/// What is kept under an idempotency key: the order's id, a line break, and the body of the 201.
struct StoredAnswer: Hashable, Sendable {
    let orderID: OrderID
    let document: [UInt8]

    init(orderID: OrderID, document: [UInt8]) {
        self.orderID = orderID
        self.document = document
    }

    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let id = OrderID(ascii: bytes.span.extracting(0..<end))
        else { return nil }
        self.init(orderID: id, document: Array(bytes[(end + 1)...]))
    }

    var bytes: [UInt8] { Array("\(orderID)\n".utf8) + document }
}
