/// A validated request for an order, with each product once, in the order of its first line.
package struct OrderRequest: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package var productID: ProductID
        package var quantity: Int

        package init(productID: ProductID, quantity: Int) {
            self.productID = productID
            self.quantity = quantity
        }
    }

    package static let maximumLines = 100
    package static let quantities = 1...1_000
    /// In UTF-8 bytes.
    package static let longestProductID = 64

    package let lines: [Line]
}

/// A request's line before validation.
package struct UncheckedLine: Hashable, Sendable {
    package enum Quantity: Hashable, Sendable {
        case missing
        case number(Int64)
        /// Anything but a whole number of 64 bits.
        case notAnInteger
    }

    /// Nil when missing, null or not a string.
    package var productID: String?
    package var quantity: Quantity

    package init(productID: String?, quantity: Quantity) {
        self.productID = productID
        self.quantity = quantity
    }
}
