package struct Product: Hashable, Sendable {
    package enum BillingPeriod: String, Hashable, Sendable, CaseIterable {
        case monthly = "Monthly"
        case annual = "Annual"
    }

    /// The product's code in requests, such as `AZ-104`; case-sensitive.
    package var externalProductID: ProductID
    package var name: String
    package var category: String
    package var vendor: String
    package var imageURL: String
    /// Whole percent, 0…100, for display: `price` already includes it.
    package var discount: Int
    package var billingPeriod: BillingPeriod
    package var isSubscription: Bool
    /// Per unit.
    package var price: Money
    package var currency: Currency

    package init(
        externalProductID: ProductID, name: String, category: String, vendor: String, imageURL: String,
        discount: Int, billingPeriod: BillingPeriod, isSubscription: Bool, price: Money,
        currency: Currency = .euro
    ) {
        self.externalProductID = externalProductID
        self.name = name
        self.category = category
        self.vendor = vendor
        self.imageURL = imageURL
        self.discount = discount
        self.billingPeriod = billingPeriod
        self.isSubscription = isSubscription
        self.price = price
        self.currency = currency
    }
}
