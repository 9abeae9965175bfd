import Bytes
import EventLoop
import Foundation
import OrderRecords
import OrderSchema
import Orders
import Postgres
import TestSupport

@testable import OrderAccept

/// The adapters that must behave alike.
enum OrderQueriesDriver: String, CaseIterable, Sendable {
    case memory, postgres

    /// PostgreSQL needs a server, named by `WAYBILL_TEST_SERVERS`.
    static var available: [OrderQueriesDriver] {
        LiveOrderQueriesFixture.servers == nil ? [.memory] : allCases
    }

    @Loop
    func withFixture(_ body: @Loop (OrderQueriesFixture) async throws -> Void) async throws {
        switch self {
        case .memory:
            let queries = MemoryOrderQueries()
            try await body(OrderQueriesFixture(queries: queries, insert: { queries.insert($0) }))
        case .postgres: try await LiveOrderQueriesFixture.withFixture(body)
        }
    }
}

/// Order queries, and the adapter that persists.
@Loop
struct OrderQueriesFixture {
    let queries: any OrderQueries
    let insert: @Loop ([Order]) async throws -> Void

    func order(_ number: Int, id: Int? = nil, lines: Int = 1) -> Order {
        let lines = (1...lines).map { line in
            OrderLine(
                productID: ProductID("P-\(line)"), productName: "Näme \(line)", imageURL: "/\(line).svg",
                unitPrice: Money(hundredths: 1_005), quantity: line)
        }
        let total = lines.reduce(Int64(0)) { $0 + 1_005 * Int64($1.quantity) }
        return Order(
            id: OrderID(Int64(id ?? number)) ?? Self.first,
            correlationID: CorrelationID(
                unixMilliseconds: 1_767_225_600_000, randomA: 0, randomB: UInt64(number)),
            customer: PlacementFixture.user,
            createdAt: Timestamp(milliseconds: 1_767_225_600_123 + Int64(number)),
            status: .completed,
            total: Money(hundredths: total), currency: .euro, lines: lines)
    }

    private static let first = OrderID(1)!
}

/// PostgreSQL with the schema of the migrations in a private schema; the queries connect as the reader.
@Loop
enum LiveOrderQueriesFixture {
    struct Servers: Decodable, Sendable {
        struct Entry: Decodable, Sendable {
            let uri: String
            let readerUri: String
        }
        let postgres: Entry
    }

    nonisolated static let servers: Servers? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return try? JSONDecoder().decode(Servers.self, from: data)
    }()

    static func withFixture(_ body: @Loop (OrderQueriesFixture) async throws -> Void) async throws {
        try await withDatabase { pool, connection, owner in
            try await body(
                OrderQueriesFixture(queries: PostgresOrderQueries(pool)) { orders in
                    try await insert(orders, connection)
                })
        }
    }

    /// Runs `body` with a pool of the reader, and a connection and the configuration of the owner.
    static func withDatabase(
        _ body: @Loop (PostgresPool, PostgresConnection, PostgresConfiguration) async throws -> Void
    ) async throws {
        guard let servers else { return }
        let schema = "test_\(UInt64.random(in: 0...UInt64.max))"
        var owner = try PostgresConfiguration(url: servers.postgres.uri)
        var reader = try PostgresConfiguration(url: servers.postgres.readerUri)
        owner.settings["search_path"] = schema
        reader.settings["search_path"] = schema
        let connection = try await PostgresConnection.connect(owner)
        try await connection.script("CREATE SCHEMA \(schema)")
        // Migrating sets a property of the whole database, which other schemas' runs do as well.
        try await connection.script("SELECT pg_advisory_lock(1)")
        for migration in Migration.all { try await connection.script(migration.sql) }
        try await connection.script("SELECT pg_advisory_unlock(1)")
        let pool = PostgresPool(reader)
        var failure: (any Error)?
        do { try await body(pool, connection, owner) } catch { failure = error }
        await pool.close()
        try await connection.script("DROP SCHEMA \(schema) CASCADE")
        connection.close()
        if let failure { throw failure }
    }

    static func insert(_ orders: [Order], _ connection: PostgresConnection) async throws {
        var batch = PostgresBatch()
        for order in orders {
            batch.add(
                PostgresStatement("INSERT INTO customers (id) VALUES ($1) ON CONFLICT DO NOTHING"),
                order.customer.value)
            batch.add(
                PostgresStatement(
                    """
                    INSERT INTO orders (id, correlation_id, customer_id, status, total, currency, created_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)
                    """),
                order.id.value,
                PostgresUUID(high: order.correlationID.high, low: order.correlationID.low),
                order.customer.value, order.status.wireName,
                PostgresNumeric(unscaled: order.total.hundredths, scale: 2), order.currency.code,
                PostgresTimestamp(milliseconds: order.createdAt.milliseconds))
            for (index, line) in order.lines.enumerated() {
                batch.add(
                    PostgresStatement(
                        """
                        INSERT INTO order_items
                            (order_id, line, product_id, product_name, image_url, unit_price, quantity)
                        VALUES ($1, $2::int, $3, $4, $5, $6, $7)
                        """),
                    order.id.value, Int32(index + 1), line.productID.value, line.productName, line.imageURL,
                    PostgresNumeric(unscaled: line.unitPrice.hundredths, scale: 2), Int32(line.quantity))
            }
            batch.add(
                PostgresStatement(
                    """
                    INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at)
                    VALUES ($1, 1, 'order.processed.v1', '{}', '{}', $2)
                    """),
                order.id.value, PostgresTimestamp(milliseconds: order.createdAt.milliseconds))
        }
        _ = try await connection.pipeline(batch)
    }
}
