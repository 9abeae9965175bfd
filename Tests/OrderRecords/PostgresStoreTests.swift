import EventLoop
import OrderEvents
import OrderRecords
import Orders
import Postgres
import Testing

@Suite(.enabled(if: LiveDatabase.uri != nil))
struct PostgresStoreTests {
    @Test @Loop func rowsMatchTheMessage() async throws {
        try await with(.postgres) { fixture in
            _ = try await fixture.store.record([Sample.record(Sample.order(5))])
            let order = try await fixture.pool!.query(
                PostgresStatement(
                    "SELECT total, currency, version::int8, created_at, customer_id FROM orders WHERE id = 5"
                )
            ).one()
            #expect(try order.numeric(0) == PostgresNumeric(unscaled: 74_485, scale: 2))
            #expect(try order.string(1) == "EUR")
            #expect(try order.int64(2) == 2)
            #expect(try order.timestamp(3).milliseconds == Sample.time.milliseconds)
            #expect(try order.string(4) == "CUST-0001")
            let items = try await fixture.pool!.query(
                PostgresStatement(
                    """
                    SELECT product_id, product_name, image_url, unit_price, quantity::int8, line::int8
                    FROM order_items WHERE order_id = 5 ORDER BY line
                    """))
            #expect(items.count == 2)
            #expect(try items[0].string(1) == "Cloud Operations Associate: Practice Exams")
            #expect(try items[0].string(2) == "/images/products/az-104.svg")
            #expect(try items[1].numeric(3) == PostgresNumeric(unscaled: 30_195, scale: 2))
            #expect(try items[1].int64(4) == 2)
            let events = try await fixture.pool!.query(
                PostgresStatement(
                    """
                    SELECT version::int8, type, payload::text,
                        (order_id, version) IN (SELECT order_id, version FROM order_outbox)
                    FROM order_events WHERE order_id = 5 ORDER BY version
                    """))
            #expect(try events.map { try $0.string(1) } == ["order.accepted.v1", "order.processed.v1"])
            #expect(try events.map { try $0.bool(3) } == [false, true])
            #expect(try events[0].string(2) == String(decoding: Sample.order(5).encode(), as: UTF8.self))
        }
    }

    @Test @Loop func concurrentReplicasRecordEachOrderOnce() async throws {
        try await with(.postgres) { fixture in
            let other = PostgresOrderStore(fixture.pool!)
            for round in 0..<10 {
                let numbers = (0..<20).map { round * 100 + $0 + 1 }
                let records = numbers.map { Sample.record(Sample.order($0, of: "NEW-\(round)-\($0 % 3)")) }
                let one = Task { @Loop in try await fixture.store.record(records) }
                let two = Task { @Loop in try await other.record(records.reversed()) }
                let results = (try await one.value, try await two.value)
                let isNew = zip(results.0, results.1.reversed()).map { ($0?.isNew, $1?.isNew) }
                #expect(isNew.allSatisfy { ($0 == true) != ($1 == true) })
            }
            let counts = try await fixture.pool!.query(
                PostgresStatement("SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_items)")
            ).one()
            #expect(try counts.int64(0) == 200)
            #expect(try counts.int64(1) == 400)
        }
    }

    /// Name and picture of acceptance, also after the product has changed, and for a product of an earlier message.
    @Test @Loop func linesKeepTheirNamesAndPictures() async throws {
        try await with(.postgres) { fixture in
            let pool = fixture.pool!
            let named = Sample.order(1, name: "As it was")
            _ = try await fixture.store.record([Sample.record(named, .failed)])
            try await pool.query(
                PostgresStatement("UPDATE products SET name = 'New', image_url = '/new.svg'"))
            _ = try await fixture.store.record([Sample.record(named, isReplay: true)])
            _ = try await fixture.store.record([Sample.record(Sample.order(2, name: nil))])
            let names = try await pool.query(
                PostgresStatement(
                    "SELECT product_name || ' ' || image_url FROM order_items ORDER BY order_id, line"))
            #expect(
                try names.map { try $0.string(0) }
                    == [
                        "As it was /as-it-was.svg", "As it was /as-it-was.svg", "New /new.svg",
                        "New /new.svg",
                    ])
        }
    }

    @Test @Loop func theEventLogIsNeverUpdated() async throws {
        try await with(.postgres) { fixture in
            let orders = try await fixture.store.record([Sample.record(Sample.order(1))]).compactMap(\.self)
            fixture.store.markPublished(orders.map(\.key))
            try await fixture.settle()
            let counts = PostgresStatement(
                "SELECT (SELECT count(*) FROM order_outbox), (SELECT count(*) FROM order_events)")
            let row = try await fixture.pool!.query(counts).one()
            #expect(try (row.int64(0), row.int64(1)) == (0, 2))
            await #expect(throws: PostgresError.self) {
                try await fixture.pool!.query(PostgresStatement("UPDATE order_events SET created_at = now()"))
            }
        }
    }

    @Test @Loop func onlyOneReplicaSweepsAtATime() async throws {
        try await with(.postgres) { fixture in
            _ = try await fixture.store.record([Sample.record(Sample.order(1))])
            let other = PostgresOutbox(fixture.pool!)
            let sweep = try await fixture.sweep(limit: 10) { events in
                let second = try? await other.sweep(olderThan: .zero, limit: 10) { $0.map { _ in true } }
                #expect(second == .some(nil))
                return events.map { _ in true }
            }
            #expect(sweep == Sweep(found: 1, published: 1))
        }
    }

    /// As an older version finds them during an upgrade.
    @Test @Loop func eventsOfUnknownTypesDoNotStopTheSweep() async throws {
        try await with(.postgres) { fixture in
            let pool = fixture.pool!
            try await pool.query(
                PostgresStatement(
                    """
                    WITH events AS (
                        INSERT INTO order_events (order_id, version, type, payload, occurred_at)
                        SELECT id, 1, 'order.eaten.v1', '{}', now() FROM generate_series(1000, 1299) id
                        RETURNING order_id, version
                    )
                    INSERT INTO order_outbox (order_id, version) SELECT order_id, version FROM events
                    """))
            _ = try await fixture.store.record([Sample.record(Sample.order(1))])
            let sweep = try await fixture.sweep(limit: 256) { events in events.map { _ in true } }
            #expect(sweep == Sweep(found: 1, published: 1))
            #expect(try await fixture.outbox.backlog().count == 300)
        }
    }

    @Test @Loop func recordingABatchStaysFastOnALargeTable() async throws {
        try await with(.postgres) { fixture in
            var durations: [Duration] = []
            for round in 0..<20 {
                let records = (0..<128).map {
                    Sample.record(Sample.order(round * 128 + $0 + 1, of: "C-\(round)-\($0)"))
                }
                let start = Instant.systemNow()
                _ = try await fixture.store.record(records)
                durations.append(start.duration(to: .systemNow()))
            }
            // Nested loops over the arrays or a scan for the foreign key exceed this several times.
            #expect(durations.suffix(5).min()! < .milliseconds(200))
        }
    }
}
