package import JSON
package import Orders

extension UncheckedLine {
    /// Reads the `items` of a POST's body, for `OrderRequest(checking:)`.
    ///
    /// - Returns: nil when `items` is missing or no array, or when the body is no object; a line that is no object
    ///   counts as one without members.
    /// - Throws: when the body is not JSON.
    package static func lines(of body: Span<UInt8>) throws(JSONError) -> [UncheckedLine]? {
        try JSONReader.read(body) { (reader) throws(JSONError) in
            guard try reader.peek() == .object else {
                try reader.skip()
                return nil
            }
            var lines: [UncheckedLine]?
            try reader.object { (reader, key) throws(JSONError) in
                guard key == "items", try reader.peek() == .array else { return try reader.skip() }
                lines = try reader.list { (reader) throws(JSONError) in try UncheckedLine(from: &reader) }
            }
            return lines
        }
    }

    private init(from reader: inout JSONReader) throws(JSONError) {
        self.init(productID: nil, quantity: .missing)
        guard try reader.peek() == .object else {
            try reader.skip()
            return
        }
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "productId": productID = try reader.stringOrNil()
            case "quantity":
                if try reader.consumeNull() { return }
                quantity = try Self.quantity(&reader)
            default: try reader.skip()
            }
        }
    }

    /// An integer in any notation, because JSON Schema counts `8.0` as one.
    private static func quantity(_ reader: inout JSONReader) throws(JSONError) -> Quantity {
        guard try reader.peek() == .number else {
            try reader.skip()
            return .notAnInteger
        }
        if let decimal = try reader.decimalOrNil() {
            return decimal.scaled(places: 0).map { .number($0) } ?? .notAnInteger
        }
        return .notAnInteger
    }
}
