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

    /// Limits that never delay a fetch.
    static var unlimited: RemoteKeySet.Limits {
        var limits = RemoteKeySet.Limits()
        limits.rotationInterval = .zero
        limits.retryDelay = .zero
        // Keys of RSA are made on the loop meanwhile.
        limits.fetchTimeout = .seconds(60)
        return limits
    }

    @Test(arguments: [Algorithm.rs256, .ps256, .es256, .edDSA], [false, true])
    func verifiesTokensOfEveryAlgorithm(algorithm: Algorithm, isDiscovered: Bool) async throws {
        try await withIssuer { issuer in
            let path = isDiscovered ? RemoteKeySet.discoveryPath : "/jwks"
            let authenticator = Authenticator(keySource: issuer.keySet(path: path), rules: Self.rules)
            // The second key is an unannounced rotation.
            for id in ["k1", "k2"] {
                try issuer.rotate(to: algorithm, id: id)
                let principal = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
                #expect(principal.userID == UserID("CUST-1"))
            }
            #expect(issuer.requestCount == 2)
        }
    }

    @Test func discoversTheKeySetOfTheRightIssuer() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet(path: RemoteKeySet.discoveryPath)
            #expect(try await keys.keys().keys.count == 1)
            issuer.name = "https://other.test"
            let other = issuer.keySet(path: RemoteKeySet.discoveryPath)
            await #expect(throws: AuthenticationError.unavailable) {
                try await other.keys()
            }
        }
    }

    @Test func fetchesRotatedKeysOnAnUnknownKeyID() async throws {
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

    /// Also when the issuer has withdrawn all keys.
    @Test func tokensCauseFewFetchesOfAnEmptySet() async throws {
        try await withIssuer { issuer in
            issuer.response = HTTPResponse(json: Array(#"{"keys":[]}"#.utf8))
            var limits = Self.unlimited
            limits.rotationInterval = .seconds(3600)
            let authenticator = Authenticator(
                keySource: issuer.keySet(limits: limits), rules: Self.rules)
            for number in 0..<20 {
                await #expect(throws: AuthenticationError.unavailable) {
                    try await authenticator.authenticate(Self.forged("forged-\(number)"))
                }
            }
            #expect(issuer.requestCount == 2)
        }
    }

    /// Whatever is forged: key ids, or signatures.
    @Test func forgedTokensCauseFewFetches() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            var limits = Self.unlimited
            limits.rotationInterval = .seconds(3600)
            let authenticator = Authenticator(
                keySource: issuer.keySet(limits: limits), rules: Self.rules)
            let valid = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(valid)
            for number in 0..<20 {
                await #expect(throws: AuthenticationError.invalidToken("unknownKey")) {
                    try await authenticator.authenticate(Self.forged("forged-\(number)"))
                }
                await #expect(throws: AuthenticationError.invalidToken("badSignature")) {
                    try await authenticator.authenticate(Self.forged("k1"))
                }
            }
            _ = try await authenticator.authenticate(valid)
            #expect(issuer.requestCount == 2)
        }
    }

    /// An issuer that gives its keys no names, or the same one again.
    @Test(arguments: ["k", nil]) func aRotationUnderTheSameNameIsNoticed(id: String?) async throws {
        try await withIssuer { issuer in
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            for algorithm in [Algorithm.es256, .es256, .edDSA] {
                try issuer.rotate(to: algorithm, id: id)
                _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            }
            // Without the issuer a forged signature is refused all the same.
            issuer.response = HTTPResponse(.serviceUnavailable)
            try issuer.rotate(to: .edDSA, id: id)
            await #expect(throws: AuthenticationError.invalidToken("badSignature")) {
                try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            }
        }
    }

    private static func forged(_ id: String) throws -> String {
        try TokenIssuer(
            key: try SigningKey.generate(.es256, id: id), issuer: "https://id.test", audience: "api"
        ).token(for: "CUST-2", now: WallClock.seconds())
    }

    /// The issuer's document has entries that nobody can use, and more than are read.
    @Test func aLargeKeySetWithUnusableEntriesWorks() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "old")
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            let old = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(old)
            try issuer.rotate(to: .es256, id: "new")
            let other = #"{"kty":"OKP","crv":"X25519","x":"AA"},1,null,[],{}"#
            let keys =
                Array(repeating: other, count: 100) + [issuer.jwk] + Array(repeating: "{}", count: 2_000)
            issuer.response = HTTPResponse(json: Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8))
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            // The withdrawn key is dead.
            await #expect(throws: AuthenticationError.self) { try await authenticator.authenticate(old) }
        }
    }

    /// The issuer does not answer for longer than keys are trusted.
    @Test func keysThatAreTooOldAreDropped() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            var limits = Self.unlimited
            limits.refreshInterval = .milliseconds(1)
            limits.maximumAge = .zero
            let keys = issuer.keySet(limits: limits)
            let authenticator = Authenticator(keySource: keys, rules: Self.rules)
            let token = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(token)
            issuer.response = HTTPResponse(.serviceUnavailable)
            authenticator.onWithdrawal.append { Issue.record("nothing is withdrawn") }
            let run = Task { await keys.run() }
            try await eventually("the keys are dropped") { !keys.isUsable }
            await #expect(throws: AuthenticationError.unavailable) {
                try await authenticator.authenticate(token)
            }
            issuer.response = nil
            try await eventually("the keys are fetched again") {
                (try? await authenticator.authenticate(token)) != nil
            }
            run.cancel()
            await run.value
        }
    }

    /// An answer without a usable key: symmetric, too short, or none. It withdraws what was there.
    @Test(arguments: [
        #"{"keys":[{"kty":"oct","kid":"forged","alg":"HS256","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}"#,
        #"{"keys":[{"kty":"RSA","kid":"forged","alg":"RS256","n":"sXch","e":"AQAB"}]}"#, #"{"keys":[]}"#,
    ])
    func aSetWithoutUsableKeysWithdrawsAll(document: String) async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet()
            let authenticator = Authenticator(keySource: keys, rules: Self.rules)
            let token = try issuer.token(for: "CUST-1")
            let principal = try await authenticator.authenticate(token)
            issuer.response = HTTPResponse(json: Array(document.utf8))
            let forged = try TokenIssuer(
                key: .hmac(secret: Array("secretsecretsecretsecretsecretsecret".utf8), id: "forged"),
                issuer: "https://id.test", audience: "api"
            ).token(for: "CUST-2", now: WallClock.seconds())
            for token in [forged, token] {
                await #expect(throws: AuthenticationError.unavailable) {
                    try await authenticator.authenticate(token)
                }
            }
            #expect(
                !authenticator.trusts(principal.keyTag) && !keys.isUsable && keys.failure?.word == "empty")
            issuer.response = nil
            _ = try await authenticator.authenticate(token)
        }
    }

    @Test(arguments: ["[]", "", "{}", #"{"keys":1}"#])
    func keepsTheKeysWhenTheAnswerIsNoKeySet(document: String) async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            let token = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(token)
            issuer.response = HTTPResponse(json: Array(document.utf8))
            await #expect(throws: AuthenticationError.self) {
                try await authenticator.authenticate(Self.forged("other"))
            }
            _ = try await authenticator.authenticate(token)
        }
    }

    @Test func aFailureHasAWord() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            var words: [String?] = []
            let keys = issuer.keySet()
            keys.onFetch = { [unowned keys] in words.append(keys.failure?.word) }
            for response in [HTTPResponse(.notFound), HTTPResponse(json: Array("[]".utf8)), nil] {
                issuer.response = response
                _ = try? await keys.keys()
            }
            #expect(words == ["status", "document", nil])
            for (url, word) in [
                ("http://127.0.0.1:1/jwks", "unreachable"), ("https://127.0.0.1:\(issuer.port)/jwks", "tls"),
            ] {
                let other = RemoteKeySet(
                    url: url, issuer: "https://id.test", client: HTTPClient(), limits: Self.unlimited)
                _ = try? await other.keys()
                #expect(other.failure?.word == word)
            }
        }
    }

    @Test func concurrentCallersShareOneFetch() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet()
            await withTaskGroup { group in
                for _ in 0..<10 { group.addTask { _ = try? await keys.keys() } }
            }
            #expect(issuer.requestCount == 1)
        }
    }

    @Test func keepsTheKeysWhenTheIssuerFails() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "k1")
            let authenticator = Authenticator(keySource: issuer.keySet(), rules: Self.rules)
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            let old = try issuer.token(for: "CUST-1")
            for response in [HTTPResponse(.serviceUnavailable), HTTPResponse(json: Array("{}".utf8))] {
                issuer.response = response
                try issuer.rotate(to: .es256, id: "unpublished")
                // The token may be good: that the issuer is away is not its client's fault.
                await #expect(throws: AuthenticationError.unavailable) {
                    try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
                }
                _ = try await authenticator.authenticate(old)
            }
            issuer.response = nil
            _ = try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
        }
    }

    @Test func reportsUnavailableWithoutAnyKeys() async throws {
        try await withIssuer { issuer in
            issuer.response = HTTPResponse(.notFound)
            try issuer.rotate(to: .es256, id: "k1")
            let keys = issuer.keySet()
            let authenticator = Authenticator(keySource: keys, rules: Self.rules)
            await #expect(throws: AuthenticationError.unavailable) {
                try await authenticator.authenticate(try issuer.token(for: "CUST-1"))
            }
            #expect(keys.age == nil)
        }
    }

    @Test func runRefreshesKeysUntilCancelled() async throws {
        try await withIssuer { issuer in
            try issuer.rotate(to: .es256, id: "old")
            var limits = Self.unlimited
            limits.refreshInterval = .milliseconds(1)
            let keys = issuer.keySet(limits: limits)
            let authenticator = Authenticator(keySource: keys, rules: Self.rules)
            let run = Task { await keys.run() }
            try await eventually("the first fetch") { keys.age != nil }
            let old = try issuer.token(for: "CUST-1")
            _ = try await authenticator.authenticate(old)
            try issuer.rotate(to: .es256, id: "new")
            // No token of the new key has been presented.
            try await eventually("the removal of the old key") {
                (try? await authenticator.authenticate(old)) == nil
            }
            run.cancel()
            await run.value
        }
    }
}
