import EventLoop
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) @Loop struct TLSTests {
    @Test func commandsAreEncrypted() async throws {
        let certificate = try await TestCertificate.shared()
        let tls = try TLSServer(
            TLSIdentity(chain: certificate.certificate, key: certificate.privateKey))
        let server = try await ScriptedServer(tls: tls) { _ in "+PONG\r\n" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.tls = try TLSClient(authorities: certificate.certificate)
        let connection = try await RedisConnection.connect(configuration)
        defer { connection.close() }
        #expect(try await connection.command("PING") == .status("PONG"))
    }

    @Test func anUntrustedCertificateIsRefused() async throws {
        let certificate = try await TestCertificate.shared()
        let tls = try TLSServer(
            TLSIdentity(chain: certificate.certificate, key: certificate.privateKey))
        let server = try await ScriptedServer(tls: tls) { _ in "+PONG\r\n" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.tls = try TLSClient()
        let error = await #expect(throws: RedisError.self) {
            try await RedisConnection.connect(configuration)
        }
        #expect(error?.code == .tls)
    }
}
