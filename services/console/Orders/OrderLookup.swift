import EventLoop
import JSON
import Orders
import Postgres

/// What an operator looks an order up by.
enum OrderReference: Sendable, Hashable {
    case order(OrderID)
    case workflow(CorrelationID)

    /// An order's number, or its correlation id.
    init?(_ text: String) {
        if let number = Int64(text), let id = OrderID(number) {
            self = .order(id)
        } else if let id = CorrelationID(text) {
            self = .workflow(id)
        } else {
            return nil
        }
    }
}

/// An order as PostgreSQL has it: recorded, or waiting in the intake table.
struct FoundOrder: Sendable {
    var id: OrderID
    var correlationID: CorrelationID
    var customer: UserID
    /// Nil while it waits in the intake table.
    var status: OrderStatus?
    /// For the answer.
    var members: [JSONValue.Member]
    var failureCode: String?
    var events: [RecordedEvent] = []
}

/// An event of the log.
struct RecordedEvent: Sendable {
    var type: String
    var occurredAt: Int64
    /// When the transaction that wrote it began. Both in microseconds since 1970.
    var recordedAt: Int64
    var reason: String?
    var requestID: String?
    var traceID: String?
    var isPublished: Bool
}

/// Finds orders of all users, for the operator.
@Loop
struct OrderLookup {
    let pool: PostgresPool

    func find(_ reference: OrderReference) async throws(PostgresError) -> FoundOrder? {
        var number: Int64?
        var workflow: PostgresUUID?
        switch reference {
        case .order(let id): number = id.value
        case .workflow(let id): workflow = PostgresUUID(high: id.high, low: id.low)
        }
        guard let row = try await pool.query(Self.order, number, workflow).first else {
            return try await pool.query(Self.waiting, number, workflow).first.flatMap {
                row throws(PostgresError) in try Self.record(row)
            }
        }
        guard var record = try Self.record(row) else { return nil }
        for row in try await pool.query(Self.events, record.id.value) {
            record.events.append(
                RecordedEvent(
                    type: try row.string(0), occurredAt: try row.int64(1), recordedAt: try row.int64(2),
                    reason: try row.decode(3, as: String?.self),
                    requestID: try row.decode(4, as: String?.self),
                    traceID: try row.decode(5, as: String?.self), isPublished: try row.bool(6)))
        }
        return record
    }

    private static func record(_ row: PostgresRow) throws(PostgresError) -> FoundOrder? {
        let key = try row.uuid(1)
        let document = try? JSONValue(parsing: Array(try row.string(5).utf8).span)
        guard let id = OrderID(try row.int64(0)), let customer = UserID(try row.string(2)) else { return nil }
        return FoundOrder(
            id: id, correlationID: CorrelationID(high: key.high, low: key.low), customer: customer,
            status: try row.decode(3, as: String?.self).flatMap { OrderStatus(wireName: $0) },
            members: document?.members ?? [], failureCode: try row.decode(4, as: String?.self))
    }

    /// $1: the order's id, or of a request that repeated its key; $2: the correlation id of either.
    private static let order = PostgresStatement.read(
        """
        SELECT id, correlation_id, customer_id, status, failure_code, json_build_object(
            'total', total, 'currency', currency, 'idempotencyKey', idempotency_key,
            'deletedAt', deleted_at, 'aliases', (
                SELECT json_agg(json_build_object('id', alias.order_id, 'correlationId', alias.correlation_id))
                FROM order_aliases alias WHERE alias.target_id = orders.id))::text
        FROM orders
        WHERE id = coalesce(
            (SELECT target_id FROM order_aliases WHERE order_id = $1::int8 OR correlation_id = $2::uuid LIMIT 1),
            (SELECT id FROM orders WHERE correlation_id = $2::uuid), $1::int8)
        """)

    private static let waiting = PostgresStatement.read(
        """
        SELECT order_id, correlation_id, customer_id, NULL::text, NULL::text,
            json_build_object('idempotencyKey', idempotency_key, 'waitingSince', created_at)::text
        FROM order_intake WHERE order_id = $1::int8 OR correlation_id = $2::uuid LIMIT 1
        """)

    private static let events = PostgresStatement.read(
        """
        SELECT type, (extract(epoch FROM occurred_at) * 1000000)::int8,
            (extract(epoch FROM created_at) * 1000000)::int8, left(payload->>'reason', 512),
            metadata->>'causationId', substr(metadata->>'traceparent', 4, 32),
            NOT EXISTS (SELECT FROM order_outbox outbox
                WHERE outbox.order_id = event.order_id AND outbox.version = event.version)
        FROM order_events event WHERE order_id = $1::int8 ORDER BY version LIMIT 32
        """)
}
