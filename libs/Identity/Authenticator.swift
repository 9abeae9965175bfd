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
        keySource.onChange = { [weak self] keys in
            guard let self else { return }
            // Keys that became too old, because the issuer is away, verify no new token, and are not withdrawn.
            if let keys { use(keys) } else { verifier.keys = KeySet([]) }
        }
    }

    /// Fetches the issuer's keys before the first request needs them. Idempotent.
    package func prepare() async throws(AuthenticationError) {
        guard let keySource else { return }
        use(try await keySource.keys())
    }

    private func use(_ keys: KeySet) {
        let tags = Set(keys.keys.map(\.tag))
        let hasWithdrawn = verifier.keys.keys.contains { !tags.contains($0.tag) }
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
        let first: JOSEError
        do throws(JOSEError) {
            return try principal(verifier.verify(token, now: WallClock.seconds()))
        } catch {
            first = error
            guard let keySource, Self.mayBeRotation(error) else { throw Self.authenticationError(error) }
            do throws(AuthenticationError) { use(try await keySource.rotatedKeys()) } catch {
                // A key that nobody knows may be good; a signature that a known key refuses is most likely not.
                throw first.code == .unknownKey ? error : Self.authenticationError(first)
            }
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

    /// A key of another name, or another key of the same name, or of none.
    private static func mayBeRotation(_ error: JOSEError) -> Bool {
        [.unknownKey, .badSignature, .unsupportedAlgorithm].contains(error.code)
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

    /// The keys after a token did not verify, which may be of a new key. The source limits how often it asks the issuer.
    /// Throws `unavailable` when the issuer does not answer.
    func rotatedKeys() async throws(AuthenticationError) -> KeySet

    /// Called with every fetched set, so that withdrawn keys stop verifying at once; with nil when the keys have become too
    /// old.
    var onChange: (@Loop (KeySet?) -> Void)? { get set }
}
