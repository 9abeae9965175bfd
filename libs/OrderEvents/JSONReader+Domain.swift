import JSON
import Orders

/// The domain's values, each refused as `invalidValue` when it is well-formed JSON but out of its bounds.
extension JSONReader {
    mutating func correlationID() throws(JSONError) -> CorrelationID {
        let text = try text()
        return try accept(text.withBytes { CorrelationID(ascii: $0) })
    }

    mutating func orderID() throws(JSONError) -> OrderID {
        try accept(OrderID(try integer(as: Int64.self)))
    }

    mutating func userID() throws(JSONError) -> UserID {
        try accept(UserID(try string()))
    }

    mutating func timestamp() throws(JSONError) -> Timestamp {
        let text = try text()
        return try accept(text.withBytes { Timestamp(ascii: $0) })
    }

    mutating func productID() throws(JSONError) -> String {
        let text = try string()
        return try accept((1...OrderRequest.longestProductID).contains(text.utf8.count) ? text : nil)
    }

    mutating func quantity() throws(JSONError) -> Int {
        let value = try int()
        return try accept(OrderRequest.quantities.contains(value) ? value : nil)
    }

    /// From zero up to `limit`, exact to two places.
    mutating func money(upTo limit: Money) throws(JSONError) -> Money {
        let money = try decimal().scaled(places: 2).map { Money(hundredths: $0) }
        return try accept(money.flatMap { $0 >= .zero && $0 <= limit ? $0 : nil })
    }

    mutating func currency() throws(JSONError) -> Currency {
        try accept(Currency(try string()))
    }

    mutating func status() throws(JSONError) -> OrderStatus {
        try accept(OrderStatus(wireName: try string()))
    }

    mutating func reason() throws(JSONError) -> String {
        let text = try string()
        return try accept((1...OrderFailed.longestReason).contains(text.utf8.count) ? text : nil)
    }

    func required<Value>(_ value: Value?, _ key: String) throws(JSONError) -> Value {
        guard let value else { throw JSONError.missing(key, in: self) }
        return value
    }

    private func accept<Value>(_ value: Value?) throws(JSONError) -> Value {
        guard let value else { throw JSONError(.invalidValue, at: position) }
        return value
    }
}
