package import EventLoop
package import Orders
package import Postgres

/// ``OrderOwners`` in PostgreSQL.
@Loop
package final class PostgresOrderOwners: OrderOwners {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func owners(
        of ids: [CorrelationID]
    ) async throws(OrderRecordsError) -> [CorrelationID: OrderOwner] {
        do throws(PostgresError) {
            var owners: [CorrelationID: OrderOwner] = [:]
            for row in try await pool.query(Self.find, ids.map { PostgresUUID($0) }) {
                let status = try row.decode(2, as: String?.self).flatMap { OrderStatus(wireName: $0) }
                guard let user = UserID(try row.string(1)), let orderID = OrderID(try row.int64(3)) else {
                    continue
                }
                owners[CorrelationID(try row.uuid(0))] = OrderOwner(
                    user, orderID: orderID, status: status, isDeleted: try row.bool(4))
            }
            return owners
        } catch {
            throw OrderRecordsError(error)
        }
    }

    /// Recorded orders last: one may be in the intake table as well.
    private static let find = PostgresStatement.read(
        """
        SELECT correlation_id, customer_id, NULL AS status, order_id, false
        FROM order_intake WHERE correlation_id = ANY ($1::uuid[])
        UNION ALL SELECT alias.correlation_id, orders.customer_id, status, alias.order_id, deleted_at IS NOT NULL
        FROM order_aliases alias JOIN orders ON orders.id = alias.target_id
        WHERE alias.correlation_id = ANY ($1::uuid[])
        UNION ALL SELECT correlation_id, customer_id, status, id, deleted_at IS NOT NULL
        FROM orders WHERE correlation_id = ANY ($1::uuid[])
        """)
}
