import OrderEvents
import Orders
import Postgres

/// Reads rows into the domain's values; what does not fit is a `.decoding` error.
enum OrderQueryRows {
    static func order(_ row: PostgresRow, of user: UserID) throws(PostgresError) -> Order {
        let key = try row.uuid(1)
        return Order(
            id: try id(row, 0), correlationID: CorrelationID(high: key.high, low: key.low), customer: user,
            createdAt: try time(row, 2), status: try status(row, 3), total: try money(row, 4),
            currency: try known(Currency(try row.string(5))), lines: try lines(row, 6))
    }

    private static func lines(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> [OrderLine] {
        let text = try row.string(column)
        return try known(try? OrderLine.lines(of: Array(text.utf8).span))
    }

    static func id(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> OrderID {
        try known(OrderID(try row.int64(column)))
    }

    static func status(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> OrderStatus {
        try known(OrderStatus(wireName: try row.string(column)))
    }

    static func time(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> Timestamp {
        Timestamp(milliseconds: try row.timestamp(column).milliseconds)
    }

    private static func money(_ row: PostgresRow, _ column: Int) throws(PostgresError) -> Money {
        Money(hundredths: try known(try row.numeric(column).unscaled(atScale: 2)))
    }

    private static func known<Value>(_ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "a value that is not known here") }
        return value
    }
}
