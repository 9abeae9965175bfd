/// What a caller wants to order: valid, each product once, in the order of first mention.
package struct OrderRequest: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package var productID: String
        package var quantity: Int

        package init(productID: String, quantity: Int) {
            self.productID = productID
            self.quantity = quantity
        }
    }

    package static let maximumLines = 100
    package static let quantities = 1...1_000
    /// In bytes of UTF-8.
    package static let longestProductID = 64

    package let lines: [Line]
}

/// A line as it came, before anything was checked.
package struct UncheckedLine: Hashable, Sendable {
    package enum Quantity: Hashable, Sendable {
        case missing
        case number(Int64)
        /// Not a whole number of 64 bits.
        case unreadable
    }

    /// Nil when missing, null or not a string.
    package var productID: String?
    package var quantity: Quantity

    package init(productID: String?, quantity: Quantity) {
        self.productID = productID
        self.quantity = quantity
    }
}
