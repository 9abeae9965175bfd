import EventLoop
import HTTP
import JOSE
import JSON
import TestSupport

@testable import Identity

/// An OpenID provider with one key.
@Loop
final class TestIssuer {
    var name = "https://id.test"
    /// Replaces the key set.
    var response: HTTPResponse?
    private(set) var requestCount = 0
    private var key: SigningKey?
    private(set) var port: UInt16 = 0
    private let client = HTTPClient()

    func start() async throws -> HTTPServer {
        let router = HTTPRouter()
        router.get("/jwks") { [self] _ in
            requestCount += 1
            return response ?? HTTPResponse(json: Array(#"{"keys":[\#(jwk)]}"#.utf8))
        }
        router.get(RemoteKeySet.discoveryPath) { [self] _ in
            HTTPResponse(
                json: Array(#"{"issuer":"\#(name)","jwks_uri":"http://127.0.0.1:\#(port)/jwks"}"#.utf8))
        }
        let server = HTTPServer(router)
        port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))
        return server
    }

    var jwk: String { key?.jwk?.text ?? "" }

    func rotate(to algorithm: Algorithm, id: String?) throws {
        key = try SigningKey.generate(algorithm, id: id)
    }

    func token(for user: String) throws -> String {
        guard let key else { return "" }
        return try TokenIssuer(key: key, issuer: "https://id.test", audience: "api")
            .token(for: user, now: WallClock.seconds())
    }

    func keySet(path: String = "/jwks", limits: RemoteKeySet.Limits = RemoteKeySetTests.unlimited)
        -> RemoteKeySet
    {
        RemoteKeySet(
            url: "http://127.0.0.1:\(port)\(path)", issuer: "https://id.test", client: client,
            limits: limits)
    }
}

@Loop
func withIssuer(_ body: @Loop (TestIssuer) async throws -> Void) async throws {
    let issuer = TestIssuer()
    let server = try await issuer.start()
    var failure: (any Error)?
    do { try await body(issuer) } catch { failure = error }
    _ = await server.drain(within: .zero)
    if let failure { throw failure }
}
