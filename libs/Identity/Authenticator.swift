package import Bytes
package import EventLoop
package import HTTP
package import JOSE
internal import Orders

/// Authenticates a request's token as a ``Principal``. Verified tokens are cached until they expire, so that a repeated
/// token costs one look-up.
@Loop
package final class Authenticator {
    private var verifier: TokenVerifier
    private let keySource: (any KeySource)?
    /// Called after keys were withdrawn: whoever keeps a principal asks ``trusts(_:)`` again.
    package var onWithdrawal: [@Loop () -> Void] = []

    /// With static keys, such as the secret of HS256.
    package init(keys: KeySet, rules: TokenRules) {
        verifier = TokenVerifier(keys: keys, rules: rules)
        keySource = nil
    }

    /// With keys that an issuer publishes and rotates.
    package init(keySource: any KeySource, rules: TokenRules) {
        verifier = TokenVerifier(keys: KeySet([]), rules: rules)
        self.keySource = keySource
        keySource.onChange = { [weak self] keys in self?.use(keys) }
    }

    /// Fetches the issuer's keys before the first request needs them. Idempotent.
    package func prepare() async throws(AuthenticationError) {
        guard let keySource else { return }
        use(try await keySource.keys())
    }

    /// Keys that became too old, because the issuer is away, verify no new token, and are not withdrawn.
    private func use(_ keys: KeySet) {
        let tags = Set(keys.keys.map(\.tag))
        let hasWithdrawn = !keys.keys.isEmpty && verifier.keys.keys.contains { !tags.contains($0.tag) }
        verifier.keys = keys
        if hasWithdrawn { for call in onWithdrawal { call() } }
    }

    /// Whether the key that verified the principal's token is still the issuer's.
    package func trusts(_ keyTag: UInt64) -> Bool {
        verifier.keys.keys.contains { $0.tag == keyTag }
    }

    /// The principal of a REST request, by its `Authorization` header.
    package func authenticate(_ request: HTTPRequest) async throws(AuthenticationError) -> Principal {
        guard let token = BearerToken.inAuthorization(request) else { throw .missingToken }
        return try await authenticate(token)
    }

    package func authenticate(_ token: String) async throws(AuthenticationError) -> Principal {
        do throws(JOSEError) {
            return try principal(verifier.verify(token, now: WallClock.seconds()))
        } catch {
            guard error.code == .unknownKey, let keySource else { throw Self.authenticationError(error) }
            use(try await keySource.keys(unknown: Self.header(of: token)))
        }
        do throws(JOSEError) {
            return try principal(verifier.verify(token, now: WallClock.seconds()))
        } catch {
            throw Self.authenticationError(error)
        }
    }

    private func principal(_ claims: TokenClaims) throws(JOSEError) -> Principal {
        guard let name = claims.userID, let userID = UserID(name) else {
            throw JOSEError(.missingClaim, claim: "sub")
        }
        return Principal(
            userID: userID, expiresAt: claims.expiresAt, roles: claims.roles, keyTag: claims.keyTag)
    }

    private static func header(of token: String) -> ByteString {
        ByteString(String(token.prefix { $0 != "." }))
    }

    private static func authenticationError(_ error: JOSEError) -> AuthenticationError {
        switch error.code {
        case .tooLarge: .tokenTooLarge
        case .missingClaim where error.claim == "sub": .noIdentity
        default: .invalidToken(error.code.rawValue)
        }
    }
}

/// The source of an issuer's keys.
@Loop
package protocol KeySource: AnyObject, Sendable {
    /// The current keys.
    func keys() async throws(AuthenticationError) -> KeySet

    /// The keys after a token named one that is not among them. The source limits how often it asks the issuer. Throws
    /// `unavailable` when the issuer does not answer: the token may be good.
    ///
    /// - Parameter header: the token's, encoded: it names the unknown key.
    func keys(unknown header: ByteString) async throws(AuthenticationError) -> KeySet

    /// Called with every fetched set, so that withdrawn keys stop verifying at once.
    var onChange: (@Loop (KeySet) -> Void)? { get set }
}
