import EventLoop
import TestSupport
import Testing

@testable import Postgres

/// Runs against a PostgreSQL with `ssl = on`, whose certificate is for `localhost`.
@Suite(.enabled(if: PrivateServers.areAvailable), .timeLimit(.minutes(1)))
struct TLSTests {
    @Test @Loop func refusesACertificateForAnotherHost() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let other = try await TestCertificate.shared()
        try await PrivateServers.with("postgres", tls: certificate) { servers in
            let server = servers.postgres
            @Loop func connect(_ host: String, _ mode: String, _ authority: TestCertificate) async throws
                -> PostgresConnection
            {
                let account = "\(server.user):\(server.password)"
                let options = "sslmode=\(mode)&sslrootcert=\(authority.certificate)"
                return try await PostgresConnection.connect(
                    PostgresConfiguration(
                        url: "postgresql://\(account)@\(host):\(server.port)/waybill?\(options)"))
            }
            let connection = try await connect("localhost", "verify-full", certificate)
            #expect(connection.usesTLS)
            // Longer than a TLS record, in both directions.
            let long = String(repeating: "x", count: 300_000)
            let row = try await connection.query(PostgresStatement("SELECT $1 || '!'"), long).one()
            #expect(try row.string(0) == long + "!")
            let judged = try await connection.query(
                PostgresStatement("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            ).one()
            #expect(try judged.bool(0))
            #expect(try judged.string(1).hasPrefix("TLSv1."))
            connection.close()

            for (host, mode, authority) in [
                ("localhost", "verify-full", other), ("localhost", "verify-ca", other),
                ("127.0.0.1", "verify-full", certificate),
            ] {
                let error = await failure { try await connect(host, mode, authority).close() }
                #expect(error?.code == .connectionFailed, "\(host) \(mode)")
            }
            // verify-ca does not check the certificate's name.
            try await connect("127.0.0.1", "verify-ca", certificate).close()
        }
    }

    /// A server that asks who the client is.
    @Test @Loop func aClientHasACertificate() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let client = try await TestCertificate.signed(by: certificate)
        try await PrivateServers.with("postgres", tls: certificate, asksClients: true) { servers in
            let server = servers.postgres
            let url =
                "postgresql://\(server.user):\(server.password)@localhost:\(server.port)/waybill"
                + "?sslmode=verify-full&sslrootcert=\(certificate.certificate)"
            let error = await failure {
                try await PostgresConnection.connect(PostgresConfiguration(url: url)).close()
            }
            #expect(error?.code == .connectionFailed)
            let known = "\(url)&sslcert=\(client.certificate)&sslkey=\(client.privateKey)"
            try await PostgresConnection.connect(PostgresConfiguration(url: known)).close()
        }
    }
}
