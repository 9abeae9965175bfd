package import JSON
package import Orders

/// The order in order-accept's API and in the Redis key `order:pending:{orderId}`.
extension Order {
    package func write(to writer: inout JSONWriter) {
        writer.object { writeMembers(to: &$0) }
    }

    package func writeMembers(to writer: inout JSONWriter) {
        writer.field("id", id.value)
        writer.field("correlationId", correlationID.description)
        writer.field("createdAt", createdAt.description)
        writer.field("status", status.wireName)
        writer.key("total")
        writer.hundredths(total.hundredths)
        writer.field("currency", currency.code)
        writer.key("items")
        writer.array { writer in
            for line in lines { line.write(to: &writer) }
        }
        guard let failure else { return }
        writer.key("failure")
        writer.object { writer in
            writer.field("code", failure.rawValue)
            writer.field("detail", failure.detail)
        }
    }

    package func encode() -> [UInt8] {
        JSONWriter.encode(reserving: 512) { write(to: &$0) }
    }

    /// The contents of `order:pending:{orderId}`: the order's JSON, and the idempotency key of its request.
    package func encode(idempotencyKey: String?) -> [UInt8] {
        JSONWriter.encode(reserving: 512) { writer in
            writer.object { writer in
                writeMembers(to: &writer)
                if let idempotencyKey { writer.field("idempotencyKey", idempotencyKey) }
            }
        }
    }

    /// Nil unless the document is one of ``encode(idempotencyKey:)`` with a key.
    package static func idempotencyKey(of document: Span<UInt8>) -> String? {
        var found: String?
        try? JSONReader.read(document) { (reader) throws(JSONError) in
            try reader.object { (reader, key) throws(JSONError) in
                guard key == "idempotencyKey" else { return try reader.skip() }
                found = try reader.idempotencyKey()
            }
        }
        return found
    }

    /// Reads a whole document. It does not contain the owner, who comes from `order:map:{cid}`.
    package init(decoding document: Span<UInt8>, customer: UserID) throws(EventError) {
        do {
            self = try JSONReader.read(document) { (reader) throws(JSONError) in
                try Order(from: &reader, customer: customer)
            }
        } catch {
            throw EventError(error)
        }
    }

    private init(from reader: inout JSONReader, customer: UserID) throws(JSONError) {
        var id: OrderID?
        var correlationID: CorrelationID?
        var createdAt: Timestamp?
        var status: OrderStatus?
        var total: Money?
        var currency: Currency?
        var lines: [OrderLine]?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "id": id = try reader.orderID()
            case "correlationId": correlationID = try reader.correlationID()
            case "createdAt": createdAt = try reader.timestamp()
            case "status": status = try reader.status()
            case "total": total = try reader.money(upTo: OrderTotals.largest)
            case "currency": currency = try reader.currency()
            case "items":
                lines = try reader.list(limit: OrderRequest.maximumLines) { (reader) throws(JSONError) in
                    try OrderLine(from: &reader)
                }
            default: try reader.skip()
            }
        }
        self.init(
            id: try reader.required(id, "id"),
            correlationID: try reader.required(correlationID, "correlationId"),
            customer: customer,
            createdAt: try reader.required(createdAt, "createdAt"),
            status: try reader.required(status, "status"),
            total: try reader.required(total, "total"),
            currency: try reader.required(currency, "currency"),
            lines: try reader.required(lines, "items"))
    }
}

extension OrderLine {
    /// Reads a document that holds an order's `items`, as the read model `order_view` stores them.
    package static func lines(of document: Span<UInt8>) throws(EventError) -> [OrderLine] {
        do {
            return try JSONReader.read(document) { (reader) throws(JSONError) in
                try reader.list(limit: OrderRequest.maximumLines) { (reader) throws(JSONError) in
                    try OrderLine(from: &reader)
                }
            }
        } catch {
            throw EventError(error)
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("productId", productID.value)
            writer.field("productName", productName)
            writer.field("imageUrl", imageURL)
            writer.key("unitPrice")
            writer.hundredths(unitPrice.hundredths)
            writer.field("quantity", quantity)
        }
    }

    init(from reader: inout JSONReader) throws(JSONError) {
        var productID: ProductID?
        var productName: String?
        var imageURL: String?
        var unitPrice: Money?
        var quantity: Int?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "productId": productID = try reader.productID()
            case "productName": productName = try reader.string()
            case "imageUrl": imageURL = try reader.string()
            case "unitPrice": unitPrice = try reader.money(upTo: OrderTotals.largestUnitPrice)
            case "quantity": quantity = try reader.quantity()
            default: try reader.skip()
            }
        }
        self.init(
            productID: try reader.required(productID, "productId"),
            productName: try reader.required(productName, "productName"),
            imageURL: try reader.required(imageURL, "imageUrl"),
            unitPrice: try reader.required(unitPrice, "unitPrice"),
            quantity: try reader.required(quantity, "quantity"))
    }
}
