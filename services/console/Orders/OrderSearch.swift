import EventLoop
import JSON
import Orders
import Postgres

/// Recorded orders of all users, newest first.
@Loop
struct OrderSearch {
    struct Filter: Sendable {
        var status: OrderStatus?
        var user: UserID?
        /// Accepted since; in milliseconds since 1970.
        var since: Int64?
        /// Before this one: the last of the previous page.
        var before: OrderID?
        var size = 50
    }

    static let largest = 200

    let pool: PostgresPool

    /// `{items, next}`; `next` is the `before` of the next page.
    func page(_ filter: Filter) async throws(PostgresError) -> JSONValue {
        // By user there is an index of those that are not deleted; the others' ids are newest first.
        let statement = filter.user == nil ? Self.all : Self.ofUser
        let rows = try await pool.query(
            statement, filter.status?.wireName, filter.user?.value, filter.since,
            filter.before?.value ?? OrderID.largest + 1, Int64(filter.size + 1))
        var items: [JSONValue] = []
        for row in rows {
            if let item = try? JSONValue(parsing: Array(try row.string(0).utf8).span) { items.append(item) }
        }
        let hasMore = items.count > filter.size
        if hasMore { items.removeLast() }
        let next = hasMore ? items.last?["id"] : nil
        return .object([.init("items", .array(items)), .init("next", next ?? .null)])
    }

    private static let columns = """
        json_build_object('id', id, 'correlationId', correlation_id, 'customerId', customer_id, 'status', status,
            'total', total::text, 'currency', currency,
            'createdAt', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'updatedAt', to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'failureCode', failure_code, 'isDeleted', deleted_at IS NOT NULL)::text
        """

    private static let conditions = """
        ($1::text IS NULL OR status = $1::text) AND id < $4::int8
            AND ($3::int8 IS NULL OR created_at >= to_timestamp($3::int8 / 1000.0))
        """

    private static let all = PostgresStatement.read(
        """
        SELECT \(columns) FROM orders WHERE $2::text IS NULL AND \(conditions)
        ORDER BY id DESC LIMIT $5::int8
        """)

    private static let ofUser = PostgresStatement.read(
        """
        SELECT \(columns) FROM orders WHERE customer_id = $2::text AND deleted_at IS NULL AND \(conditions)
        ORDER BY id DESC LIMIT $5::int8
        """)
}
