/// The messages of an invalid request by field, in the request's order.
package struct OrderValidationError: Error, Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        /// Such as `items[0].quantity`.
        package var name: String
        package var messages: [String]

        package init(name: String, messages: [String]) {
            self.name = name
            self.messages = messages
        }
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package init(_ name: String, _ message: String) {
        add(name, message)
    }

    package mutating func add(_ name: String, _ message: String) {
        if let index = fields.firstIndex(where: { $0.name == name }) {
            fields[index].messages.append(message)
        } else {
            fields.append(Field(name: name, messages: [message]))
        }
    }
}

extension OrderRequest {
    /// Validates every line and merges lines of the same product.
    ///
    /// - Parameter items: nil when `items` is missing, null or not an array.
    package init(checking items: [UncheckedLine]?) throws(OrderValidationError) {
        guard let items else { throw OrderValidationError("items", "Items collection is required.") }
        guard !items.isEmpty else {
            throw OrderValidationError("items", "At least one order item is required.")
        }
        guard items.count <= Self.maximumLines else {
            throw OrderValidationError("items", "At most \(Self.maximumLines) order items are allowed.")
        }

        var errors = OrderValidationError()
        var lines: [Line] = []
        lines.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            let productID = Self.check(item.productID, at: index, &errors)
            let quantity = Self.check(item.quantity, at: index, &errors)
            guard let productID, let quantity else { continue }
            guard let existing = lines.firstIndex(where: { $0.productID == productID }) else {
                lines.append(Line(productID: productID, quantity: quantity))
                continue
            }
            lines[existing].quantity += quantity
            if lines[existing].quantity > Self.quantities.upperBound {
                errors.add("items[\(index)].quantity", Self.totalTooLarge)
            }
        }
        guard errors.fields.isEmpty else { throw errors }
        self.init(lines: lines)
    }

    private static let tooLarge = "Quantity must not exceed \(quantities.upperBound)."
    private static let totalTooLarge =
        "The quantities of all lines of a product together must not exceed \(quantities.upperBound)."

    private static func check(_ productID: String?, at index: Int, _ errors: inout OrderValidationError)
        -> ProductID?
    {
        guard let productID, productID.contains(where: { !$0.isWhitespace }) else {
            errors.add("items[\(index)].productId", "ProductId is required.")
            return nil
        }
        guard productID.utf8.count <= longestProductID else {
            errors.add(
                "items[\(index)].productId", "ProductId must not be longer than \(longestProductID) bytes.")
            return nil
        }
        return ProductID(productID)
    }

    private static func check(
        _ quantity: UncheckedLine.Quantity, at index: Int, _ errors: inout OrderValidationError
    ) -> Int? {
        switch quantity {
        case .number(let value) where value > quantities.upperBound:
            errors.add("items[\(index)].quantity", tooLarge)
        case .number(let value) where value >= quantities.lowerBound:
            return Int(value)
        case .number, .missing:
            errors.add("items[\(index)].quantity", "Quantity must be greater than 0.")
        case .notAnInteger:
            errors.add("items[\(index)].quantity", "Quantity must be a whole number.")
        }
        return nil
    }
}
