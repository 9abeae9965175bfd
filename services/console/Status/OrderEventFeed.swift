import EventLoop
import JSON
import Postgres

/// The latest order events, read from the event log by position.
@Loop
final class OrderEventFeed {
    /// Events of one read; more are left out here, and counted by the services' metrics.
    private static let most = 400
    /// Events for a stream that begins.
    private static let kept = 90
    /// Positions are taken in one order and committed in another: how far back each read begins.
    private static let overlap: Int64 = 256

    private let pool: PostgresPool
    private var last: Int64 = 0
    private var seen: Set<Int64> = []
    private(set) var recent: [JSONValue] = []

    init(_ pool: PostgresPool) { self.pool = pool }

    /// The events that were not returned before, oldest first.
    func readNew() async throws(PostgresError) -> [JSONValue] {
        let limit = last == 0 ? Self.kept : Self.most
        let rows = try await pool.query(Self.newest, max(0, last - Self.overlap), limit)
        var entries: [JSONValue] = []
        for row in rows.reversed() {
            let position = try row.int64(0)
            guard seen.insert(position).inserted else { continue }
            last = max(last, position)
            entries.append(try Self.entry(position, row))
        }
        if seen.count > 4 * Self.most { seen = seen.filter { $0 > last - Self.overlap } }
        recent = (recent + entries).suffix(Self.kept)
        return entries
    }

    private static func entry(_ position: Int64, _ row: PostgresRow) throws(PostgresError) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("position", .number(String(position))), .init("orderId", .number(String(try row.int64(1)))),
            .init("type", .string(try row.string(2))), .init("at", .number(String(try row.int64(3)))),
        ]
        if let customer = try row.decode(4, as: String?.self) {
            members.append(.init("customer", .string(customer)))
        }
        if let lines = try row.decode(5, as: Int32?.self) {
            members.append(.init("lines", .number(String(lines))))
        }
        if let reason = try row.decode(6, as: String?.self) {
            members.append(.init("reason", .string(reason)))
        }
        if let took = try row.decode(7, as: Int64?.self) {
            members.append(.init("tookMs", .number(String(took))))
        }
        return .object(members)
    }

    private static let newest = PostgresStatement.read(
        """
        SELECT event.position, event.order_id, event.type,
            (extract(epoch FROM event.occurred_at) * 1000)::int8,
            event.payload->>'customerId', json_array_length(event.payload->'items'),
            left(event.payload->>'reason', 200),
            (extract(epoch FROM event.occurred_at - first.occurred_at) * 1000)::int8
        FROM order_events event
        LEFT JOIN order_events first
            ON event.version > 1 AND first.order_id = event.order_id AND first.version = 1
        WHERE event.position > $1::int8
        ORDER BY event.position DESC
        LIMIT $2::int8
        """)
}
