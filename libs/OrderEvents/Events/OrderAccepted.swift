package import JSON
package import Orders

/// `order.accepted.v1`: order-accept has accepted an order, which order-process records.
package struct OrderAccepted: OrderEvent {
    package struct Line: Hashable, Sendable {
        package var productID: ProductID
        package var quantity: Int
        /// The price at acceptance, which is charged.
        package var unitPrice: Money
        /// The product's name at acceptance; nil in messages of earlier versions.
        package var productName: String?
        /// The product's image at acceptance; nil in messages of earlier versions.
        package var imageURL: String?

        package init(
            productID: ProductID, quantity: Int, unitPrice: Money, productName: String? = nil,
            imageURL: String? = nil
        ) {
            self.productID = productID
            self.quantity = quantity
            self.unitPrice = unitPrice
            self.productName = productName
            self.imageURL = imageURL
        }
    }

    package static let type = OrderEventType.accepted

    package let correlationID: CorrelationID
    package let orderID: OrderID
    package let customer: UserID
    package let acceptedAt: Timestamp
    package let lines: [Line]
    /// The prices' currency; nil in messages of earlier versions.
    package let currency: Currency?
    /// The request's, which makes it one order with its repetitions.
    package var idempotencyKey: String?

    package init(_ order: Order, idempotencyKey: String? = nil) {
        correlationID = order.correlationID
        orderID = order.id
        customer = order.customer
        acceptedAt = order.createdAt
        lines = order.lines.map { line in
            Line(
                productID: line.productID, quantity: line.quantity, unitPrice: line.unitPrice,
                productName: line.productName, imageURL: line.imageURL)
        }
        currency = order.currency
        self.idempotencyKey = idempotencyKey
    }

    /// What is known of an order that cannot be read.
    package init(
        correlationID: CorrelationID, orderID: OrderID, customer: UserID, acceptedAt: Timestamp
    ) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.customer = customer
        self.acceptedAt = acceptedAt
        lines = []
        currency = nil
        idempotencyKey = nil
    }

    /// Rejects what order-accept rejects: no or too many lines, quantities and prices beyond their limits, a total
    /// beyond the database's maximum.
    package init(from reader: inout JSONReader) throws(JSONError) {
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var customer: UserID?
        var acceptedAt: Timestamp?
        var lines: [Line]?
        var currency: Currency?
        var idempotencyKey: String?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "correlationId": correlationID = try reader.correlationID()
            case "orderId": orderID = try reader.orderID()
            case "customerId": customer = try reader.userID()
            case "acceptedAt": acceptedAt = try reader.timestamp()
            case "items": lines = try Self.lines(&reader)
            case "currency": currency = try reader.currency()
            case "idempotencyKey": idempotencyKey = try reader.idempotencyKey()
            default: try reader.skip()
            }
        }
        self.correlationID = try reader.required(correlationID, "correlationId")
        self.orderID = try reader.required(orderID, "orderId")
        self.customer = try reader.required(customer, "customerId")
        self.acceptedAt = try reader.required(acceptedAt, "acceptedAt")
        self.lines = try reader.required(lines, "items")
        self.currency = currency
        self.idempotencyKey = idempotencyKey
    }

    private static func lines(_ reader: inout JSONReader) throws(JSONError) -> [Line] {
        let start = reader.position
        let lines = try reader.list(limit: OrderRequest.maximumLines) { (reader) throws(JSONError) in
            try Line(from: &reader)
        }
        guard !lines.isEmpty, Self.total(of: lines) != nil else { throw JSONError(.invalidValue, at: start) }
        return lines
    }

    /// Nil when it exceeds the database's maximum.
    package var total: Money? { Self.total(of: lines) }

    private static func total(of lines: [Line]) -> Money? {
        var total = Money.zero
        for line in lines {
            guard let amount = line.unitPrice.multiplied(by: line.quantity), let sum = total.adding(amount),
                sum <= OrderTotals.largest
            else { return nil }
            total = sum
        }
        return total
    }

    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("correlationId", correlationID.description)
            writer.field("orderId", orderID.value)
            writer.field("customerId", customer.value)
            writer.field("acceptedAt", acceptedAt.description)
            writer.key("items")
            writer.array { writer in
                for line in lines { line.write(to: &writer) }
            }
            if let currency { writer.field("currency", currency.code) }
            if let idempotencyKey { writer.field("idempotencyKey", idempotencyKey) }
        }
    }
}

extension OrderAccepted.Line {
    init(from reader: inout JSONReader) throws(JSONError) {
        var productID: ProductID?
        var quantity: Int?
        var unitPrice: Money?
        var productName: String?
        var imageURL: String?
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "productId": productID = try reader.productID()
            case "quantity": quantity = try reader.quantity()
            case "unitPrice": unitPrice = try reader.money(upTo: OrderTotals.largestUnitPrice)
            case "productName": productName = try reader.stringOrNil()
            case "imageUrl": imageURL = try reader.stringOrNil()
            default: try reader.skip()
            }
        }
        self.productName = productName
        self.imageURL = imageURL
        self.productID = try reader.required(productID, "productId")
        self.quantity = try reader.required(quantity, "quantity")
        self.unitPrice = try reader.required(unitPrice, "unitPrice")
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("productId", productID.value)
            writer.field("quantity", quantity)
            writer.key("unitPrice")
            writer.hundredths(unitPrice.hundredths)
            if let productName { writer.field("productName", productName) }
            if let imageURL { writer.field("imageUrl", imageURL) }
        }
    }
}

extension Order {
    /// The order as it was accepted; nil when the message is of an earlier version, without names.
    package init?(_ accepted: OrderAccepted) {
        guard let currency = accepted.currency else { return nil }
        var lines: [OrderLine] = []
        for line in accepted.lines {
            guard let name = line.productName, let image = line.imageURL else { return nil }
            lines.append(
                OrderLine(
                    productID: line.productID, productName: name, imageURL: image, unitPrice: line.unitPrice,
                    quantity: line.quantity))
        }
        guard let total = accepted.total else { return nil }
        self.init(
            id: accepted.orderID, correlationID: accepted.correlationID, customer: accepted.customer,
            createdAt: accepted.acceptedAt, status: .accepted, total: total, currency: currency, lines: lines)
    }
}
