import JSON
import Orders

/// Reads the domain's values; well-formed JSON outside a value's bounds throws `invalidValue`.
extension JSONReader {
    mutating func correlationID() throws(JSONError) -> CorrelationID {
        let text = try text()
        return try validated(text.withBytes { CorrelationID(ascii: $0) })
    }

    mutating func orderID() throws(JSONError) -> OrderID {
        try validated(OrderID(try integer(as: Int64.self)))
    }

    mutating func userID() throws(JSONError) -> UserID {
        try validated(UserID(try string()))
    }

    mutating func timestamp() throws(JSONError) -> Timestamp {
        let text = try text()
        return try validated(text.withBytes { Timestamp(ascii: $0) })
    }

    mutating func productID() throws(JSONError) -> ProductID {
        let text = try string()
        return try validated(
            (1...OrderRequest.longestProductID).contains(text.utf8.count) ? ProductID(text) : nil)
    }

    mutating func quantity() throws(JSONError) -> Int {
        let value = try int()
        return try validated(OrderRequest.quantities.contains(value) ? value : nil)
    }

    /// From zero to `limit`, with at most two decimal places.
    mutating func money(upTo limit: Money) throws(JSONError) -> Money {
        let money = try decimal().scaled(places: 2).map { Money(hundredths: $0) }
        return try validated(money.flatMap { $0 >= .zero && $0 <= limit ? $0 : nil })
    }

    mutating func currency() throws(JSONError) -> Currency {
        try validated(Currency(try string()))
    }

    mutating func status() throws(JSONError) -> OrderStatus {
        try validated(OrderStatus(wireName: try string()))
    }

    /// As order-accept admits it: 1 to 255 visible ASCII characters.
    mutating func idempotencyKey() throws(JSONError) -> String {
        let text = try string()
        return try validated(
            (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
                ? text : nil)
    }

    mutating func reason() throws(JSONError) -> String {
        let text = try string()
        return try validated((1...OrderFailed.longestReason).contains(text.utf8.count) ? text : nil)
    }

    func required<Value>(_ value: Value?, _ key: String) throws(JSONError) -> Value {
        guard let value else { throw JSONError.missing(key, in: self) }
        return value
    }

    private func validated<Value>(_ value: Value?) throws(JSONError) -> Value {
        guard let value else { throw JSONError(.invalidValue, at: position) }
        return value
    }
}
