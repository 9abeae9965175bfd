import Bytes
import EventLoop
import Foundation
import OrderRecords
import Postgres

/// The PostgreSQL server for tests: `WAYBILL_TEST_SERVERS` is the path of the JSON file of `infra/local/bin/servers`.
enum LiveDatabase {
    private struct Servers: Decodable {
        struct Entry: Decodable { let uri: String }
        let postgres: Entry
    }

    static let uri: String? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return try? JSONDecoder().decode(Servers.self, from: data).postgres.uri
    }()

    /// Runs `body` with a pool on a new migrated schema, which is dropped afterwards.
    @Loop
    static func withPool(_ body: @Loop (PostgresPool) async throws -> Void) async throws {
        var configuration = try PostgresConfiguration(url: uri ?? "")
        configuration.applicationName = "waybill-tests"
        let schema = "test_\(UInt64.random(in: 0...UInt64.max))"
        let owner = try await PostgresConnection.connect(configuration)
        defer { owner.close() }
        try await owner.script("CREATE SCHEMA \(schema)")
        configuration.settings["search_path"] = schema
        let result: Result<Void, any Error>
        do {
            // Migrations change a setting of the whole database, so concurrent test runs take turns.
            try await owner.script("SELECT pg_advisory_lock(1)")
            try await PostgresMigrator(OrderDatabase.migrations).migrate(configuration)
            try await owner.script("SELECT pg_advisory_unlock(1)")
            let pool = PostgresPool(OrderDatabase.prepare(configuration))
            do {
                result = .success(try await body(pool))
            } catch {
                result = .failure(error)
            }
            await pool.close()
        } catch {
            result = .failure(error)
        }
        try await owner.script("DROP SCHEMA \(schema) CASCADE")
        try result.get()
    }
}
