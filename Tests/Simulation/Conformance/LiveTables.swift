import Bytes
import EventLoop
import Foundation
import OrderRecords
import Postgres

@testable import OrderAccept

/// The adapters of all services, on PostgreSQL with the schema of the migrations: `WAYBILL_TEST_SERVERS` is the path of the
/// JSON file of `infra/local/bin/servers`.
@Loop
struct LiveTables {
    let store: PostgresOrderStore
    let outbox: PostgresOutbox
    let intake: PostgresIntake
    let owners: PostgresOrderOwners
    let queries: PostgresOrderQueries
    let taking: PostgresOrderIntake

    private struct Servers: Decodable {
        struct Entry: Decodable { let uri: String }
        let postgres: Entry
    }

    private nonisolated static let uri: String? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return try? JSONDecoder().decode(Servers.self, from: data).postgres.uri
    }()

    nonisolated static var isPresent: Bool { uri != nil }

    static func withTables(_ body: @Loop (LiveTables) async throws -> Void) async throws {
        var configuration = try PostgresConfiguration(url: uri ?? "")
        let schema = "test_\(UInt64.random(in: 0...UInt64.max))"
        let owner = try await PostgresConnection.connect(configuration)
        defer { owner.close() }
        try await owner.script("CREATE SCHEMA \(schema)")
        configuration.settings["search_path"] = schema
        configuration.settings["synchronous_commit"] = "off"
        var failure: (any Error)?
        do {
            // Migrations change a setting of the whole database, so concurrent test runs take turns.
            try await owner.script("SELECT pg_advisory_lock(1)")
            try await PostgresMigrator(OrderDatabase.migrations).migrate(configuration)
            try await owner.script("SELECT pg_advisory_unlock(1)")
            let pool = PostgresPool(OrderDatabase.prepare(configuration))
            do { try await body(LiveTables(pool)) } catch { failure = error }
            await pool.close()
        } catch {
            failure = error
        }
        try await owner.script("DROP SCHEMA \(schema) CASCADE")
        if let failure { throw failure }
    }

    /// One caller at a time sweeps on the whole server: another test may be it.
    func sweepOutbox(limit: Int, _ publish: @Loop ([UnpublishedEvent]) async -> [Bool]) async throws {
        while try await outbox.sweep(olderThan: .zero, limit: limit, publish) == nil {
            try await Loop.sleep(for: .milliseconds(5))
        }
    }

    /// Publishes and removes what a sequence has left.
    func drain() async throws {
        try await sweepOutbox(limit: 1_000) { events in events.map { _ in true } }
        _ = try await intake.sweep(limit: 1_000) { entries in entries.map { _ in true } }
    }

    private init(_ pool: PostgresPool) {
        store = PostgresOrderStore(pool)
        outbox = PostgresOutbox(pool)
        intake = PostgresIntake(pool)
        owners = PostgresOrderOwners(pool)
        queries = PostgresOrderQueries(pool)
        taking = PostgresOrderIntake(pool)
    }
}
