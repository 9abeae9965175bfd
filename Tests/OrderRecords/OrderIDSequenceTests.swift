import EventLoop
import OrderRecords
import Orders
import Postgres
import Testing

@Suite(.enabled(if: LiveDatabase.uri != nil))
struct OrderIDSequenceTests {
    @Test @Loop func movesASequenceThatIsBehindOnce() async throws {
        try await LiveDatabase.withPool { pool in
            #expect(try await OrderIDSequence.moveIfBehind(pool) == nil)
            let store = PostgresOrderStore(pool)
            _ = try await store.record([Sample.record(Sample.order(1_500))])
            // Two processes start at once; the sequence's next block would begin with 1.
            async let first = OrderIDSequence.moveIfBehind(pool)
            async let second = OrderIDSequence.moveIfBehind(pool)
            let moves = try await [first, second].compactMap(\.self)
            let beyond: Int64 = 20_000_001_501  // 1,500 + 1, and a thousand blocks
            #expect(moves == [beyond])
            #expect(try await next(pool) == beyond)
            #expect(try await OrderIDSequence.moveIfBehind(pool) == nil)
            #expect(try await next(pool) == beyond + 20_000_000)
        }
    }

    @Test @Loop func leavesASequenceThatIsAhead() async throws {
        try await LiveDatabase.withPool { pool in
            #expect(try await next(pool) == 1)
            let store = PostgresOrderStore(pool)
            _ = try await store.record([Sample.record(Sample.order(1_000))])
            #expect(try await OrderIDSequence.moveIfBehind(pool) == nil)
            #expect(try await next(pool) == 20_000_001)
        }
    }

    @Loop private func next(_ pool: PostgresPool) async throws -> Int64? {
        try await pool.query(PostgresStatement("SELECT nextval('order_id_blocks')", reused: false)).one()
            .int64(0)
    }
}
