import Bytes
import EventLoop
import Foundation
import Postgres

/// The PostgreSQL server of the test run: `WAYBILL_TEST_SERVERS` names the JSON of `infra/local/bin/servers`.
enum LiveServer {
    private struct Servers: Decodable {
        struct Entry: Decodable {
            let uri: String
            let adminUri: String
        }
        let postgres: Entry
    }

    static let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"]
    static var isPresent: Bool { path != nil }

    static func configuration() throws -> PostgresConfiguration { try configuration(\.uri) }

    /// A superuser's.
    static func administration() throws -> PostgresConfiguration { try configuration(\.adminUri) }

    private static func configuration(_ uri: KeyPath<Servers.Entry, String>) throws -> PostgresConfiguration {
        let data = try Data(contentsOf: URL(filePath: path ?? ""))
        var configuration = try PostgresConfiguration(
            url: JSONDecoder().decode(Servers.self, from: data).postgres[keyPath: uri])
        configuration.applicationName = "waybill-tests"
        // All tests share one loop and the machine; these tests do not check timeouts.
        configuration.connectTimeout = .seconds(30)
        configuration.queryTimeout = .seconds(30)
        return configuration
    }

    /// Runs `body` with a session, and then `cleanUp`, whatever happened.
    @Loop
    private static func run(
        _ body: @Loop (PostgresConnection, PostgresConfiguration) async throws -> Void,
        _ configuration: PostgresConfiguration, cleanUp: @Loop () async throws -> Void
    ) async throws {
        let connection = try await PostgresConnection.connect(configuration)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(connection, configuration))
        } catch {
            result = .failure(error)
        }
        connection.close()
        try await cleanUp()
        try result.get()
    }

    /// Runs `body` with a session in a database of its own: some statements wait for every transaction of a database.
    @Loop
    static func withDatabase(_ body: @Loop (PostgresConnection, PostgresConfiguration) async throws -> Void)
        async throws
    {
        var configuration = try configuration()
        let administrator = try await PostgresConnection.connect(try administration())
        defer { administrator.close() }
        let name = "test_\(UInt64.random(in: 0...UInt64.max))"
        try await administrator.script("CREATE DATABASE \(name) OWNER \(configuration.user)")
        configuration.database = name
        try await run(body, configuration) {
            try await administrator.script("DROP DATABASE \(name) WITH (FORCE)")
        }
    }

    /// Runs `body` with a session in a schema of its own, which is dropped afterwards.
    @Loop
    static func withSchema(_ body: @Loop (PostgresConnection, PostgresConfiguration) async throws -> Void)
        async throws
    {
        var configuration = try configuration()
        let schema = "test_\(UInt64.random(in: 0...UInt64.max))"
        let owner = try await PostgresConnection.connect(configuration)
        defer { owner.close() }
        try await owner.script("CREATE SCHEMA \(schema)")
        configuration.settings["search_path"] = schema
        try await run(body, configuration) { try await owner.script("DROP SCHEMA \(schema) CASCADE") }
    }
}

/// The error that `body` throws, where `#expect(throws:)` cannot be used with an `async let`.
@Loop
func failure(_ body: @Loop () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}
