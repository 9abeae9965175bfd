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

    /// With static keys, such as the secret of HS256.
    package init(keys: KeySet, rules: TokenRules) {
        verifier = TokenVerifier(keys: keys, rules: rules)
        keySource = nil
    }

    /// With keys that an issuer publishes and rotates.
    package init(keySource: any KeySource, rules: TokenRules) {
        verifier = TokenVerifier(keys: KeySet([]), rules: rules)
        self.keySource = keySource
        keySource.onChange = { [weak self] keys in self?.verifier.keys = keys }
    }

    /// Fetches the issuer's keys before the first request needs them. Idempotent.
    package func prepare() async throws(AuthenticationError) {
        guard let keySource else { return }
        verifier.keys = try await keySource.keys()
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
            verifier.keys = try await keySource.keys(unknown: Self.header(of: token))
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
        return Principal(userID: userID, expiresAt: claims.expiresAt, roles: claims.roles)
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

    /// The keys after a token named one that is not among them. The source limits how often it asks the issuer.
    ///
    /// - Parameter header: the token's, encoded: it names the unknown key.
    func keys(unknown header: ByteString) async throws(AuthenticationError) -> KeySet

    /// Called with every fetched set, so that withdrawn keys stop verifying at once.
    var onChange: (@Loop (KeySet) -> Void)? { get set }
}
