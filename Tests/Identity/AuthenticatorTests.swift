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

    @Test @Loop func aGoodTokenNamesItsUser() async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        let token = try issuer(key).token(for: "CUST-1", roles: ["operator"], now: WallClock.seconds())
        let principal = try await authenticator.authenticate(
            HTTPRequest(.get, "/", headers: ["Authorization": "Bearer \(token)"]))
        #expect(principal.userID == UserID("CUST-1"))
        #expect(principal.isOperator)
        #expect(principal.expiresAt > WallClock.seconds())
    }

    @Test @Loop func aRequestWithoutTokenIsNobodys() async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        await #expect(throws: AuthenticationError.missing) {
            try await authenticator.authenticate(HTTPRequest(.get, "/"))
        }
    }

    @Test @Loop func aTokenOfAnotherKeyIsRefused() async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        let foreign = try issuer(.generate(.hs256)).token(for: "CUST-1", now: WallClock.seconds())
        await #expect(throws: AuthenticationError.refused("badSignature")) {
            try await authenticator.authenticate(foreign)
        }
    }

    @Test(arguments: ["", " ", "a\u{0}b", String(repeating: "x", count: 129)]) @Loop
    func aTokenThatNamesNoUsableUserHasNoIdentity(name: String) async throws {
        let key = try SigningKey.generate(.hs256)
        let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: Self.rules)
        let token = try issuer(key).token(for: name, now: WallClock.seconds())
        await #expect(throws: AuthenticationError.noIdentity) { try await authenticator.authenticate(token) }
    }

    @Test @Loop func anUnknownKeyAsksTheSourceForFreshOnes() async throws {
        let old = try SigningKey.generate(.es256, id: "old")
        let new = try SigningKey.generate(.es256, id: "new")
        let source = RotatingKeys(KeySet([old.verificationKey]))
        let authenticator = Authenticator(keySource: source, rules: Self.rules)
        try await authenticator.prepare()
        let first = try issuer(old).token(for: "CUST-1", now: WallClock.seconds())
        _ = try await authenticator.authenticate(first)
        #expect(source.refreshes == 0)

        source.current = KeySet([new.verificationKey])
        let second = try issuer(new).token(for: "CUST-1", now: WallClock.seconds())
        _ = try await authenticator.authenticate(second)
        #expect(source.refreshes == 1)
        // The withdrawn key is worth nothing, though its token was remembered.
        await #expect(throws: AuthenticationError.self) { try await authenticator.authenticate(first) }
    }
}

@Loop
private final class RotatingKeys: KeySource {
    var current: KeySet
    var refreshes = 0
    var onChange: (@Loop (KeySet) -> Void)?
    init(_ keys: KeySet) { current = keys }
    func keys(refreshing: Bool) async throws(AuthenticationError) -> KeySet {
        if refreshing { refreshes += 1 }
        return current
    }
}
