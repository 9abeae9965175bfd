/// What is wrong with a request, by field, in the order of the request.
package struct ValidationFailure: Error, Hashable, Sendable {
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
    /// Checks every line and merges those of one product.
    ///
    /// - Parameter items: nil when the collection is missing, null or not an array.
    package init(checking items: [UncheckedLine]?) throws(ValidationFailure) {
        guard let items else { throw ValidationFailure("items", "Items collection is required.") }
        guard !items.isEmpty else {
            throw ValidationFailure("items", "At least one order item is required.")
        }
        guard items.count <= Self.maximumLines else {
            throw ValidationFailure("items", "At most \(Self.maximumLines) order items are allowed.")
        }

        var failure = ValidationFailure()
        var lines: [Line] = []
        lines.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            let productID = Self.check(item.productID, at: index, &failure)
            let quantity = Self.check(item.quantity, at: index, &failure)
            guard let productID, let quantity else { continue }
            guard let known = lines.firstIndex(where: { $0.productID == productID }) else {
                lines.append(Line(productID: productID, quantity: quantity))
                continue
            }
            lines[known].quantity += quantity
            if lines[known].quantity > Self.quantities.upperBound {
                failure.add("items[\(index)].quantity", Self.tooManyTogether)
            }
        }
        guard failure.fields.isEmpty else { throw failure }
        self.init(lines: lines)
    }

    private static let tooMany = "Quantity must not exceed \(quantities.upperBound)."
    private static let tooManyTogether =
        "The quantities of all lines of a product together must not exceed \(quantities.upperBound)."

    private static func check(_ productID: String?, at index: Int, _ failure: inout ValidationFailure)
        -> String?
    {
        guard let productID, productID.contains(where: { !$0.isWhitespace }) else {
            failure.add("items[\(index)].productId", "ProductId is required.")
            return nil
        }
        guard productID.utf8.count <= longestProductID else {
            failure.add(
                "items[\(index)].productId", "ProductId must not be longer than \(longestProductID) bytes.")
            return nil
        }
        return productID
    }

    private static func check(
        _ quantity: UncheckedLine.Quantity, at index: Int, _ failure: inout ValidationFailure
    ) -> Int? {
        switch quantity {
        case .number(let value) where value > quantities.upperBound:
            failure.add("items[\(index)].quantity", tooMany)
        case .number(let value) where value >= quantities.lowerBound:
            return Int(value)
        case .number, .missing:
            failure.add("items[\(index)].quantity", "Quantity must be greater than 0.")
        case .unreadable:
            failure.add("items[\(index)].quantity", "Quantity must be a whole number.")
        }
        return nil
    }
}
