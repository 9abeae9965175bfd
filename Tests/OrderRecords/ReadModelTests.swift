import EventLoop
import OrderRecords
import Orders
import Postgres
import TestSupport
import Testing

/// Serialized, because transactions of the whole server hold the read models back.
@Suite(.enabled(if: LiveDatabase.uri != nil), .serialized)
struct ReadModelTests {
    /// The rows of the read models.
    @Loop
    static func contents(_ pool: PostgresPool) async throws -> [String] {
        var rows: [String] = []
        for (table, key) in [
            ("sales_by_product", "product_id"), ("orders_by_minute", "minute"),
            ("failures_by_reason", "reason"),
        ] {
            let statement = PostgresStatement("SELECT row_to_json(v)::text FROM \(table) v ORDER BY \(key)")
            rows += try await pool.query(statement).map { try $0.string(0) }
        }
        return rows
    }

    /// Advances until every event is applied.
    @Loop
    static func follow(_ models: ReadModels, limit: Int = 2_000) async throws {
        try await eventually("the read models follow") {
            // Other transactions of the server hold the settled position back, of which alone a step knows.
            _ = try await models.advance(limit: limit)
            return try await models.progress().isDone
        }
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
                let products: [ProductID] = [["AZ-104"], ["AZ-900", "AZ-104"], ["AZ-104", "XX-1"]]
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
            try await Self.follow(models, limit: .random(in: 1...30, using: &random))
            let incremental = try await Self.contents(fixture.pool!)
            #expect(incremental.count >= 4)
            var reports: [ReadModelProgress] = []
            let end = try await models.rebuild(step: 7) { reports.append($0) }
            #expect(reports.first?.position == 0 && reports.last?.isDone == true && end.isDone)
            #expect(try await Self.contents(fixture.pool!) == incremental)
            try await Self.follow(models)
            #expect(try await Self.contents(fixture.pool!) == incremental)
        }
    }

    @Test @Loop func projectsSalesMinutesAndFailures() async throws {
        try await with(.postgres) { fixture in
            _ = try await fixture.store.record([
                Sample.record(Sample.order(1)), Sample.record(Sample.order(2), .cancelled),
            ])
            _ = try await fixture.store.record([Sample.record(Sample.order(3), .failed)])
            try await Self.follow(ReadModels(fixture.pool!))
            let contents = try await Self.contents(fixture.pool!)
            #expect(contents.count == 4)
            #expect(
                contents[1].hasPrefix(#"{"product_id":"AZ-900","orders":1,"quantity":2,"revenue":603.90"#))
            #expect(contents[2].hasSuffix(#""accepted":3,"completed":1,"failed":1,"cancelled":1}"#))
            #expect(contents[3].hasPrefix(#"{"reason":"why","orders":1"#))
        }
    }

    /// Not before the read models and the broker have its events; and a rebuild equals living through the whole log.
    @Test @Loop func aMonthOfTheLogIsDropped() async throws {
        try await with(.postgres) { fixture in
            let pool = fixture.pool!
            let (models, partitions) = (ReadModels(pool), EventLogPartitions(pool))
            try await partitions.add()
            try await partitions.add()
            let months = try await pool.query(
                PostgresStatement(
                    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'order_events'::regclass"))
            // The current one, the next two, and the default.
            #expect(try months.one().int64(0) == 4)
            _ = try await fixture.store.record((1...20).map { Sample.record(Sample.order($0)) })
            _ = try await fixture.store.record([Sample.record(Sample.order(21), .failed)])

            #expect(try await partitions.dropOldest(olderThan: 0) == nil)
            #expect(try await partitions.dropOldest(olderThan: -1) == nil, "not in the read models yet")
            try await Self.follow(models)
            #expect(try await partitions.dropOldest(olderThan: -1) == nil, "not published yet")
            let sweep = try await fixture.sweep(limit: 256) { events in events.map { _ in true } }
            #expect(sweep?.published == 21)
            #expect(try await partitions.dropOldest(olderThan: -1) == "order_events_first")
            #expect(try await pool.query(PostgresStatement("SELECT FROM order_events")).isEmpty)

            // Their month has no partition any more.
            _ = try await fixture.store.record((22...30).map { Sample.record(Sample.order($0)) })
            try await Self.follow(models)
            let contents = try await Self.contents(pool)
            #expect(contents[0].contains(#""orders":29"#))
            _ = try await models.rebuild(step: 7)
            #expect(try await Self.contents(pool) == contents)
            #expect(try await fixture.store.record([Sample.record(Sample.order(30))]).count == 1)
        }
    }

    /// An event's position is assigned before its commit. Nobody waits for the slow transaction.
    @Test @Loop func waitsForEventsThatCommitLate() async throws {
        try await with(.postgres) { fixture in
            let models = ReadModels(fixture.pool!)
            let slow = try await PostgresConnection.connect(fixture.pool!.configuration)
            defer { slow.close() }
            let store = PostgresOrderStore(fixture.pool!)
            _ = try await store.record([Sample.record(Sample.order(1))])
            try await Self.follow(models)
            try await slow.transaction { connection in
                try await connection.script(
                    """
                    INSERT INTO order_events (order_id, version, type, payload, occurred_at)
                    VALUES (1, 3, 'order.failed.v1', '{"reason":"late"}', now())
                    """)
                _ = try await store.record([Sample.record(Sample.order(2))])
                for _ in 0..<5 { _ = try await models.advance() }
                let before = try await Self.contents(fixture.pool!)
                #expect(!before.contains { $0.contains(#""orders":2"#) })
            }
            try await eventually("the late event is applied") {
                _ = try await models.advance()
                return try await Self.contents(fixture.pool!).contains { $0.contains(#""reason":"late""#) }
            }
            #expect(try await Self.contents(fixture.pool!).contains { $0.contains(#""orders":2"#) })
        }
    }
}
