import Orders
import Postgres

/// Reads rows into the domain's values; what does not fit is a `.decoding` error.
enum ArchiveRows {
    /// A row a line, the lines of one order together.
    static func orders(_ rows: Rows, of user: UserID) throws(PostgresError) -> [Order] {
        var orders: [Order] = []
        for row in rows {
            let id = try id(row, 0)
            if orders.last?.id != id { orders.append(try order(row, id, user)) }
            orders[orders.count - 1].lines.append(try line(row))
        }
        return orders
    }

    private static func order(_ row: Row, _ id: OrderID, _ user: UserID) throws(PostgresError) -> Order {
        let key = try row.uuid(1)
        return Order(
            id: id, correlationID: CorrelationID(high: key.high, low: key.low), customer: user,
            createdAt: try time(row, 2), status: try status(row, 3), total: try money(row, 4),
            currency: try known(Currency(try row.string(5))), lines: [])
    }

    private static func line(_ row: Row) throws(PostgresError) -> OrderLine {
        OrderLine(
            productID: try row.string(6), productName: try row.string(7), imageURL: try row.string(8),
            unitPrice: try money(row, 9), quantity: Int(try row.int32(10)))
    }

    static func id(_ row: Row, _ column: Int) throws(PostgresError) -> OrderID {
        try known(OrderID(try row.int64(column)))
    }

    static func status(_ row: Row, _ column: Int) throws(PostgresError) -> OrderStatus {
        try known(OrderStatus(wireName: try row.string(column)))
    }

    static func time(_ row: Row, _ column: Int) throws(PostgresError) -> Orders.Timestamp {
        Orders.Timestamp(milliseconds: try row.timestamp(column).milliseconds)
    }

    private static func money(_ row: Row, _ column: Int) throws(PostgresError) -> Money {
        Money(hundredths: try known(try row.numeric(column).unscaled(atScale: 2)))
    }

    private static func known<Value>(_ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "a value that is not known here") }
        return value
    }
}
