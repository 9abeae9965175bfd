import EventLoop
import Foundation

@testable import Redis

/// The real servers named by `WAYBILL_TEST_SERVERS`, a JSON file with `{"redis": {host, port, user,
/// password}, "redisCluster": {nodes}}`.
struct LiveServer: Decodable {
    let host: String
    let port: UInt16
    let user: String?
    let password: String?

    static let shared: LiveServer? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return (try? JSONDecoder().decode(Servers.self, from: data))?.redis
    }()

    private struct Servers: Decodable {
        struct Cluster: Decodable { let nodes: [String] }
        let redis: LiveServer?
        let redisCluster: Cluster?
    }

    /// Of a cluster without replicas, with the same user.
    static let clusterNodes: [Endpoint] = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return [] }
        let nodes = (try? JSONDecoder().decode(Servers.self, from: data))?.redisCluster?.nodes ?? []
        return nodes.compactMap { Endpoint($0) }
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
