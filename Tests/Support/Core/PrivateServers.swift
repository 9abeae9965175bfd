import EventLoop
import Foundation

/// Servers owned by a test, started by `infra/local/bin/servers`, for tests that cannot use the shared ones.
package struct PrivateServers: Sendable {
    package struct Address: Decodable, Sendable {
        package let port: UInt16
        package let user: String
        package let password: String
        package let uri: String?
        package let url: String?
        package let readerUri: String?
        package let notifierUri: String?
        package let amqpsPort: UInt16?
        package let redissPort: UInt16?
    }

    private struct Addresses: Decodable {
        let redis: Address?
        let rabbitmq: Address?
        let postgres: Address?
    }

    private let addresses: Addresses

    package var redis: Address { addresses.redis! }
    package var rabbitmq: Address { addresses.rabbitmq! }
    package var postgres: Address { addresses.postgres! }

    /// Whether the tests run where servers can be started: by `make test`.
    package static let areAvailable = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"] != nil

    /// Starts `kinds` (redis, rabbitmq, postgres) for the duration of `body`.
    /// - Parameter asksClients: over TLS, clients must have a certificate that the server's has signed.
    @Loop package static func with(
        _ kinds: String..., tls certificate: TestCertificate? = nil, asksClients: Bool = false,
        _ body: @Loop (PrivateServers) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "waybill-servers-\(UUID().uuidString)"
        ).path
        var words = ["start", "--dir", folder, "--only", kinds.joined(separator: ",")]
        if let certificate { words += ["--tls", certificate.certificate, certificate.privateKey] }
        if asksClients { words.append("--client-certificates") }
        var failure: (any Error)?
        do {
            let started = try await script(words)
            guard started.status == 0 else { throw ServersDidNotStart(log: started.errors) }
            let addresses = try JSONDecoder().decode(Addresses.self, from: Data(started.output.utf8))
            try await body(PrivateServers(addresses: addresses))
        } catch {
            failure = error
        }
        _ = try await script(["stop", "--dir", folder, "--wipe"])
        if let failure { throw failure }
    }

    private static func script(_ words: [String]) async throws -> Program.Result {
        try await Program.run(["infra/local/bin/servers"] + words, in: Program.repository)
    }
}

package struct ServersDidNotStart: Error, CustomStringConvertible {
    let log: String
    package var description: String { "the servers did not start:\n\(log)" }
}
