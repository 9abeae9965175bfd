import EventLoop
import HTTP
import Identity
import JOSE
import Orders
import Testing

@Suite struct AuthenticatorTests {
    private static let rules = TokenRules(issuer: "test", audience: "api")

    private func issuer(_ key: SigningKey) -> TokenIssuer {
        TokenIssuer(key: key, issuer: "test", audience: "api")
    }

    @Test @Loop func authenticatesAValidToken() async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        let token = try issuer(key).token(for: "CUST-1", roles: ["operator"], now: WallClock.seconds())
        let principal = try await authenticator.authenticate(
            HTTPRequest(.get, "/", headers: ["Authorization": "Bearer \(token)"]))
        #expect(principal.userID == UserID("CUST-1"))
        #expect(principal.isOperator)
        #expect(principal.expiresAt > WallClock.seconds())
    }

    @Test @Loop func rejectsARequestWithoutToken() async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        await #expect(throws: AuthenticationError.missingToken) {
            try await authenticator.authenticate(HTTPRequest(.get, "/"))
        }
    }

    @Test @Loop func rejectsATokenOfAnotherKey() async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        let token = try issuer(.generate(.hs256)).token(for: "CUST-1", now: WallClock.seconds())
        await #expect(throws: AuthenticationError.invalidToken("badSignature")) {
            try await authenticator.authenticate(token)
        }
    }

    @Test(arguments: ["", " ", "a\u{0}b", String(repeating: "x", count: 129)]) @Loop
    func rejectsATokenWithoutAValidUserID(name: String) async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        let token = try issuer(key).token(for: name, now: WallClock.seconds())
        await #expect(throws: AuthenticationError.noIdentity) { try await authenticator.authenticate(token) }
    }

    @Test @Loop func anUnknownKeyIDRefreshesTheKeys() async throws {
        let old = try SigningKey.generate(.es256, id: "old")
        let new = try SigningKey.generate(.es256, id: "new")
        let source = RotatingKeySource(KeySet([old.verificationKey]))
        let authenticator = Authenticator(keySource: source, rules: Self.rules)
        try await authenticator.prepare()
        let first = try issuer(old).token(for: "CUST-1", now: WallClock.seconds())
        let principal = try await authenticator.authenticate(first)
        #expect(source.refreshes == 0 && authenticator.trusts(principal.keyTag))

        var withdrawals = 0
        authenticator.onWithdrawal.append { withdrawals += 1 }
        source.onChange?(KeySet([old.verificationKey, new.verificationKey]))
        #expect(authenticator.trusts(principal.keyTag) && withdrawals == 0)
        source.onChange?(KeySet([old.verificationKey]))
        #expect(withdrawals == 1)
        source.current = KeySet([new.verificationKey])
        let second = try issuer(new).token(for: "CUST-1", now: WallClock.seconds())
        _ = try await authenticator.authenticate(second)
        #expect(source.refreshes == 1 && withdrawals == 2 && !authenticator.trusts(principal.keyTag))
        // Tokens of the withdrawn key are rejected, although one was cached.
        await #expect(throws: AuthenticationError.self) { try await authenticator.authenticate(first) }
    }
}

@Loop
private final class RotatingKeySource: KeySource {
    var current: KeySet
    var refreshes = 0
    var onChange: (@Loop (KeySet?) -> Void)?
    init(_ keys: KeySet) { current = keys }
    func keys() async throws(AuthenticationError) -> KeySet { current }
    func rotatedKeys() async throws(AuthenticationError) -> KeySet {
        refreshes += 1
        return current
    }
}
