import EventLoop
import Foundation

@testable import Redis

/// The real server named by `WAYBILL_TEST_SERVERS`, a JSON file with `{"redis": {host, port, user,
/// password}}`.
struct LiveServer: Decodable {
    let host: String
    let port: UInt16
    let user: String?
    let password: String?

    static let shared: LiveServer? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        struct Servers: Decodable { let redis: LiveServer? }
        return (try? JSONDecoder().decode(Servers.self, from: data))?.redis
    }()

    static var isAvailable: Bool { shared != nil }

    static var configuration: RedisConfiguration {
        let server = shared!
        var configuration = RedisConfiguration(endpoint: Endpoint(host: server.host, port: server.port))
        configuration.user = server.user
        configuration.password = server.password
        configuration.clientName = "waybill-tests"
        return configuration
    }
}

/// Runs `body` with a client of the real server and a key prefix, and deletes the prefix's keys afterwards.
@Loop
func withClient(_ body: @Loop (RedisClient, _ prefix: String) async throws -> Void) async throws {
    let client = RedisClient(LiveServer.configuration)
    let run = Task { @Loop in await client.run() }
    let prefix = "test:\(UInt64.random(in: 0 ... .max)):"
    var failure: (any Error)?
    do {
        // The machine is busy with the other tests.
        try await client.ready(within: .seconds(20))
        try await body(client, prefix)
    } catch {
        failure = error
    }
    if let keys = try? await client.command("KEYS", prefix + "*").array?.compactMap(\.string), !keys.isEmpty {
        _ = try? await client.pipeline { $0.add("DEL", list: keys) }
    }
    client.close()
    await run.value
    if let failure { throw failure }
}

/// Runs `body` once per number, concurrently.
@Loop
func concurrently(_ count: Int, _ body: @escaping @Loop (Int) async throws -> Void) async throws {
    let tasks = (0..<count).map { number in Task { @Loop in try await body(number) } }
    for task in tasks { try await task.value }
}
