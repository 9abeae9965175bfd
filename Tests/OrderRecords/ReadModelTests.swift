import EventLoop
import OrderRecords
import Orders
import Postgres
import TestSupport
import Testing

/// Serialized, because the lock on appends covers the whole database and one test holds it for long.
@Suite(.enabled(if: LiveDatabase.uri != nil), .serialized)
struct ReadModelTests {
    /// The rows of both read models.
    @Loop
    static func contents(_ pool: PostgresPool) async throws -> [String] {
        let orders = try await pool.query(
            PostgresStatement("SELECT row_to_json(v)::text FROM order_view v ORDER BY order_id"))
        let sales = try await pool.query(
            PostgresStatement("SELECT row_to_json(s)::text FROM sales_by_product s ORDER BY product_id"))
        return try orders.map { try $0.string(0) } + sales.map { try $0.string(0) }
    }

    /// Advances in random steps, then rebuilds.
    @Test(arguments: 0..<4)
    @Loop func aRebuildEqualsIncrementalUpdates(seed: UInt64) async throws {
        try await with(.postgres) { fixture in
            var random = SeededGenerator(seed: seed)
            let models = ReadModels(fixture.pool!)
            var failed: [Int] = []
            for number in 1...60 {
                let status = [OrderStatus.completed, .completed, .failed, .cancelled]
                    .randomElement(using: &random)!
                let products = [["AZ-104"], ["AZ-900", "AZ-104"], ["AZ-104", "XX-1"]]
                    .randomElement(using: &random)!
                let hasKnownProducts = !products.contains("XX-1")
                let order = Sample.order(number, of: "C-\(number % 5)", products: products)
                _ = try await fixture.store.record([Sample.record(order, hasKnownProducts ? status : .failed)]
                )
                if hasKnownProducts, status == .failed { failed.append(number) }
                if Bool.random(using: &random), let number = failed.popLast() {
                    let replay = Sample.order(number, of: "C-\(number % 5)")
                    _ = try await fixture.store.record([Sample.record(replay, isReplay: true)])
                }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    _ = try await models.advance(limit: .random(in: 1...30, using: &random))
                }
            }
            while try await models.advance(limit: .random(in: 1...30, using: &random))?.isDone == false {}
            let incremental = try await Self.contents(fixture.pool!)
            #expect(incremental.count >= 61)
            var reports: [ReadModelProgress] = []
            let end = try await models.rebuild(step: 7) { reports.append($0) }
            #expect(reports.first?.position == 0 && reports.last?.isDone == true && end.isDone)
            #expect(try await Self.contents(fixture.pool!) == incremental)
            let again = try await models.advance()
            #expect(again?.isDone == true)
            #expect(try await Self.contents(fixture.pool!) == incremental)
        }
    }

    @Test @Loop func projectsOrdersAndSales() async throws {
        try await with(.postgres) { fixture in
            _ = try await fixture.store.record([
                Sample.record(Sample.order(1)), Sample.record(Sample.order(2), .cancelled),
            ])
            _ = try await ReadModels(fixture.pool!).advance()
            let contents = try await Self.contents(fixture.pool!)
            #expect(contents.count == 4)
            #expect(contents[0].contains(#""status":"COMPLETED","total":744.85,"currency":"EUR""#))
            #expect(contents[0].contains("Cloud Foundations: Study Path"))
            #expect(contents[1].contains(#""status":"CANCELLED""#))
            #expect(
                contents[3].hasPrefix(#"{"product_id":"AZ-900","orders":1,"quantity":2,"revenue":603.90"#))
        }
    }

    /// An event's position is assigned before its commit.
    @Test @Loop func waitsForEventsThatCommitLate() async throws {
        try await with(.postgres) { fixture in
            let models = ReadModels(fixture.pool!)
            let slow = try await PostgresConnection.connect(fixture.pool!.configuration)
            defer { slow.close() }
            let store = PostgresOrderStore(fixture.pool!)
            _ = try await store.record([Sample.record(Sample.order(1))])
            try await slow.transaction { connection in
                try await connection.script("UPDATE orders SET version = 3 WHERE id = 1")
                try await connection.script(
                    """
                    INSERT INTO order_events (order_id, version, type, payload, occurred_at)
                    VALUES (1, 3, 'order.failed.v1', '{}', now())
                    """)
                _ = try await store.record([Sample.record(Sample.order(2))])
                // The open transaction holds the lock on appends.
                do throws(OrderRecordsError) {
                    _ = try await models.advance()
                    Issue.record("the read models advanced past an uncommitted event")
                } catch {
                    #expect(error.code == .contended)
                }
            }
            _ = try await models.advance()
            let contents = try await Self.contents(fixture.pool!)
            #expect(contents[0].contains(#""version":3"#))
        }
    }
}
