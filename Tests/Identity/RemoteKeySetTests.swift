import EventLoop
import HTTP
import JOSE
import JSON
import Orders
import TestSupport
import Testing

@testable import Identity

@Loop @Suite struct RemoteKeySetTests {
    static let rules = TokenRules(issuer: "https://id.test", audience: "api")

    /// Nothing but its own limits keeps the set from asking.
    static var eager: RemoteKeySet.Limits {
        var limits = RemoteKeySet.Limits()
        limits.atMostEvery = .zero
        limits.retryAfter = .zero
        return limits
    }

    @Test(arguments: [Algorithm.rs256, .ps256, .es256, .edDSA], [false, true])
    func publishedKeysOfEachKindVerify(algorithm: Algorithm, isDiscovered: Bool) async throws {
        try await withIssuer { issuer in
            let path = isDiscovered ? RemoteKeySet.discoveryPath : "/jwks"
            let authenticator = Authenticator(keySource: issuer.keySet(path: path), rules: Self.rules)
            // The second is a rotation that nobody was told of.
            for id in ["k1", "k2"] {
                try issuer.rotate(to: algorithm, id: id)
                let principal = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
                #expect(principal.userID == UserID("CUST-1"))
            }
            #expect(issuer.asked == 2)
        }
    }

    @Test func discoveryLeadsToTheKeys() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet(path: RemoteKeySet.discoveryPath)
            #expect(try await keys.keys(refreshing: false).keys.count == 1)
            issuer.name = "https://somebody.else"
            let other = issuer.keySet(path: RemoteKeySet.discoveryPath)
            await #expect(throws: AuthenticationError.unavailable) {
                try await other.keys(refreshing: false)
            }
        }
    }

    @Test func aRotationShowsByItself() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "old")
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            let old = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(old)
            try issuer.rotate(to: .edDSA, id: "new")
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            await #expect(throws: AuthenticationError.self) { try await authenticator.authenticate(old) }
        }
    }

    @Test func strangersCannotMakeItAskAgainAndAgain() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            var limits = Self.eager
            limits.atMostEvery = .seconds(3600)
            let authenticator = Authenticator(
                keySource: issuer.keySet(limits: limits), rules: Self.rules)
            let good = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(good)
            let forged = try SigningKey.generate(.es256, id: "mine")
            for _ in 0..<20 {
                let token = try TokenIssuer(key: forged, issuer: "https://id.test", audience: "api")
                    .token(for: "CUST-2", now: WallClock.seconds())
                await #expect(throws: AuthenticationError.refused("unknownKey")) {
                    try await authenticator.authenticate(token)
                }
            }
            _ = try await authenticator.authenticate(good)
            #expect(issuer.asked == 1)
        }
    }

    @Test func aRotationIsFoundAsSoonAsItMayBeAskedFor() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "old")
            var limits = Self.eager
            limits.atMostEvery = .milliseconds(50)
            let authenticator = Authenticator(
                keySource: issuer.keySet(limits: limits), rules: Self.rules)
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            try issuer.rotate(to: .rs256, id: "new")
            let token = try issuer.token(for: "CUST-1")
            try await eventually("the new key is known") {
                (try? await authenticator.authenticate(token)) != nil
            }
            #expect(issuer.asked == 2)
        }
    }

    @Test func aDocumentWithoutAUsableKeyReplacesNothing() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            // Symmetric, too short, or of an algorithm that is not ours.
            let unusable = [
                #"{"keys":[{"kty":"oct","kid":"mine","alg":"HS256","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}"#,
                #"{"keys":[{"kty":"RSA","kid":"mine","alg":"RS256","n":"sXch","e":"AQAB"}]}"#,
                #"{"keys":[]}"#, "[]", "",
            ]
            for document in unusable {
                issuer.answer = HTTPResponse(json: Array(document.utf8))
                let forged = try TokenIssuer(
                    key: .hmac(secret: Array("secretsecretsecretsecretsecretsecret".utf8), id: "mine"),
                    issuer: "https://id.test", audience: "api"
                ).token(for: "CUST-2", now: WallClock.seconds())
                await #expect(throws: AuthenticationError.self) {
                    try await authenticator.authenticate(forged)
                }
                _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            }
        }
    }

    @Test func manyWhoWaitAskOnce() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet()
            await withTaskGroup { group in
                for _ in 0..<10 { group.addTask { _ = try? await keys.keys(refreshing: false) } }
            }
            #expect(issuer.asked == 1)
        }
    }

    @Test func whatWasFetchedLastOutlivesTheIssuer() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            for answer in [HTTPResponse(.serviceUnavailable), HTTPResponse(json: Array("{}".utf8))] {
                issuer.answer = answer
                try issuer.rotate(to: .es256, id: "unpublished")
                await #expect(throws: AuthenticationError.refused("unknownKey")) {
                    try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
                }
            }
            issuer.answer = nil
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
        }
    }

    @Test func withoutAnyKeysNobodyIsRefusedForGood() async throws {
        try await withIssuer { issuer in
            issuer.answer = HTTPResponse(.notFound)
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet()
            let authenticator = Authenticator(keySource: keys, rules: Self.rules)
            await #expect(throws: AuthenticationError.unavailable) {
                try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            }
            #expect(keys.age == nil)
        }
    }

    @Test func runningKeepsKeysFreshUntilCancelled() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "old")
            var limits = Self.eager
            limits.freshFor = .milliseconds(1)
            let keys = issuer.keySet(limits: limits)
            let authenticator = Authenticator(keySource: keys, rules: Self.rules)
            let run = Task { await keys.run() }
            try await eventually("the first fetch") { keys.age != nil }
            let old = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(old)
            try issuer.rotate(to: .es256, id: "new")
            // Nobody has shown a token of the new key.
            try await eventually("the old key's end") {
                (try? await authenticator.authenticate(old)) == nil
            }
            run.cancel()
            await run.value
        }
    }
}

/// An OpenID provider of the tests' own, with one key at a time.
@Loop
private final class Issuer {
    var name = "https://id.test"
    /// Instead of the key set.
    var answer: HTTPResponse?
    private(set) var asked = 0
    private var key: SigningKey?
    private var port: UInt16 = 0
    private let client = HTTPClient()

    func start() async throws -> HTTPServer {
        let router = HTTPRouter()
        router.get("/jwks") { [self] _ in
            asked += 1
            return answer ?? HTTPResponse(json: Array(#"{"keys":[\#(key?.jwk?.text ?? "")]}"#.utf8))
        }
        router.get(RemoteKeySet.discoveryPath) { [self] _ in
            HTTPResponse(
                json: Array(#"{"issuer":"\#(name)","jwks_uri":"http://127.0.0.1:\#(port)/jwks"}"#.utf8))
        }
        let server = HTTPServer(router)
        port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))
        return server
    }

    func rotate(to algorithm: Algorithm, id: String) throws {
        key = try SigningKey.generate(algorithm, id: id)
    }

    func token(for user: String) throws -> String {
        guard let key else { return "" }
        return try TokenIssuer(key: key, issuer: "https://id.test", audience: "api")
            .token(for: user, now: WallClock.seconds())
    }

    func keySet(path: String = "/jwks", limits: RemoteKeySet.Limits = RemoteKeySetTests.eager) -> RemoteKeySet
    {
        RemoteKeySet(
            address: "http://127.0.0.1:\(port)\(path)", issuer: "https://id.test", client: client,
            limits: limits)
    }
}

@Loop
private func withIssuer(_ body: @Loop (Issuer) async throws -> Void) async throws {
    let issuer = Issuer()
    let server = try await issuer.start()
    var failure: (any Error)?
    do { try await body(issuer) } catch { failure = error }
    _ = await server.drain(within: .zero)
    if let failure { throw failure }
}
