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
    ) async throws(OrderRecordsError) -> [CorrelationID: UserID] {
        do throws(PostgresError) {
            var owners: [CorrelationID: UserID] = [:]
            for row in try await pool.query(Self.find, ids.map { PostgresUUID($0) }) {
                owners[CorrelationID(try row.uuid(0))] = UserID(try row.string(1))
            }
            return owners
        } catch {
            throw OrderRecordsError(error)
        }
    }

    private static let find = PostgresStatement(
        """
        SELECT correlation_id, customer_id FROM orders WHERE correlation_id = ANY ($1::uuid[])
        UNION SELECT correlation_id, customer_id FROM order_aliases WHERE correlation_id = ANY ($1::uuid[])
        UNION SELECT correlation_id, customer_id FROM order_intake WHERE correlation_id = ANY ($1::uuid[])
        """)
}
