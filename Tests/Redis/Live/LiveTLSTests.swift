import EventLoop
import TestSupport
import Testing

@testable import Redis

/// Runs against a Redis with a TLS port, whose certificate is for `localhost`.
@Suite(.enabled(if: PrivateServers.areAvailable), .timeLimit(.minutes(1)))
@Loop struct LiveTLSTests {
    @Test func refusesACertificateForAnotherHost() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let other = try await TestCertificate.shared()
        try await PrivateServers.with("redis", tls: certificate) { servers in
            let server = servers.redis
            @Loop func connect(_ host: String, _ authority: TestCertificate) async throws(RedisError)
                -> RedisConnection
            {
                let account = "\(server.user):\(server.password)"
                return try await RedisConnection.connect(
                    RedisConfiguration(
                        url: "rediss://\(account)@\(host):\(server.redissPort!)",
                        authorities: authority.certificate))
            }
            let connection = try await connect("localhost", certificate)
            let long = String(repeating: "x", count: 300_000)
            _ = try await connection.command("SET", "k", long)
            #expect(try await connection.command("GET", "k").string == long)
            connection.close()
            for (host, authority) in [("localhost", other), ("127.0.0.1", certificate)] {
                let error = await #expect(throws: RedisError.self) { try await connect(host, authority) }
                #expect(error?.code == .tls)
            }
        }
    }

    /// A server that asks who the client is.
    @Test func aClientHasACertificate() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let client = try await TestCertificate.signed(by: certificate)
        try await PrivateServers.with("redis", tls: certificate, asksClients: true) { servers in
            let server = servers.redis
            var configuration = try RedisConfiguration(
                url: "rediss://\(server.user):\(server.password)@localhost:\(server.redissPort!)",
                authorities: certificate.certificate)
            await #expect(throws: RedisError.self) { try await RedisConnection.connect(configuration) }
            configuration.tls = try TLSClient(
                authorities: certificate.certificate,
                identity: TLSIdentity(chain: client.certificate, key: client.privateKey))
            let known = try await RedisConnection.connect(configuration)
            #expect(try await known.command("PING").string == "PONG")
            known.close()
        }
    }
}
