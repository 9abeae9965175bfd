package struct Order: Hashable, Sendable {
    package var id: OrderID
    package var correlationID: CorrelationID
    /// The owner; not part of the API's representation.
    package var customer: UserID
    package var createdAt: Timestamp
    package var status: OrderStatus
    package var total: Money
    package var currency: Currency
    package var lines: [OrderLine]
    /// Why it is FAILED; nil for other statuses.
    package var failure: OrderFailureCode?

    package init(
        id: OrderID, correlationID: CorrelationID, customer: UserID, createdAt: Timestamp,
        status: OrderStatus, total: Money, currency: Currency, lines: [OrderLine],
        failure: OrderFailureCode? = nil
    ) {
        self.id = id
        self.correlationID = correlationID
        self.customer = customer
        self.createdAt = createdAt
        self.status = status
        self.total = total
        self.currency = currency
        self.lines = lines
        self.failure = failure
    }

    /// A newly accepted order with its priced lines.
    package init(
        id: OrderID, correlationID: CorrelationID, customer: UserID, acceptedAt: Timestamp,
        priced: PricedLines
    ) {
        self.init(
            id: id, correlationID: correlationID, customer: customer, createdAt: acceptedAt,
            status: .accepted, total: priced.total, currency: priced.currency, lines: priced.lines)
    }
}

/// A line with the product's name, image and price at acceptance.
package struct OrderLine: Hashable, Sendable {
    package var productID: ProductID
    package var productName: String
    package var imageURL: String
    package var unitPrice: Money
    package var quantity: Int

    package init(productID: ProductID, productName: String, imageURL: String, unitPrice: Money, quantity: Int)
    {
        self.productID = productID
        self.productName = productName
        self.imageURL = imageURL
        self.unitPrice = unitPrice
        self.quantity = quantity
    }
}
