import EventLoop
import TestSupport
import Testing

@testable import Redis

@Loop @Suite(.timeLimit(.minutes(1))) struct RedisSentinelsTests {
    /// Answers ROLE.
    private func server(_ role: String) async throws -> ScriptedServer {
        try await .answering { $0.contains("ROLE") ? "*1\r\n$\(role.utf8.count)\r\n\(role)\r\n" : "+OK\r\n" }
    }

    /// Names a server as the primary `orders`; `nil`: knows no primary.
    private func sentinel(naming port: UInt16?) async throws -> ScriptedServer {
        try await .answering { text in
            guard let port, text.contains("GET-MASTER-ADDR-BY-NAME"), text.contains("orders") else {
                return "*-1\r\n"
            }
            return "*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".utf8.count)\r\n\(port)\r\n"
        }
    }

    private func sentinels(_ servers: [ScriptedServer], of server: ScriptedServer) -> RedisSentinels {
        RedisSentinels(
            servers.map(\.configuration.endpoint), primary: "orders", of: server.configuration)
    }

    @Test func asksSentinelsUntilOneNamesAPrimary() async throws {
        let primary = try await server("master")
        let replica = try await server("slave")
        let withoutPrimary = try await sentinel(naming: nil)
        let outdated = try await sentinel(naming: replica.configuration.endpoint.port)
        let current = try await sentinel(naming: primary.configuration.endpoint.port)
        let sentinels = sentinels([withoutPrimary, outdated, current], of: primary)
        for _ in 0..<2 {
            let found = try await sentinels.primary()
            #expect(found == primary.configuration.endpoint)
        }
        // The sentinel that answered last is asked first.
        #expect(withoutPrimary.accepted == 1 && outdated.accepted == 1 && current.accepted == 2)
    }

    @Test func failsToConnectWithoutAPrimary() async throws {
        let primary = try await server("master")
        let silent = try await sentinel(naming: nil)
        silent.close()
        let sentinels = sentinels([silent], of: primary)
        await #expect(throws: RedisError.self) { _ = try await sentinels.primary() }
    }
}
