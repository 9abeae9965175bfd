package import EventLoop
package import HTTP
package import JOSE
internal import Orders

/// Turns a request's token into a ``Principal``. A verified token is remembered until it expires, so that a
/// returning client costs one look-up.
@Loop
package final class Authenticator {
    private var verifier: TokenVerifier
    private let keySource: (any KeySource)?

    /// With keys that do not change: the development profile's secret.
    package init(keys: KeySet, rules: TokenRules) {
        verifier = TokenVerifier(keys: keys, rules: rules)
        keySource = nil
    }

    /// With keys that the issuer publishes and rotates.
    package init(keySource: any KeySource, rules: TokenRules) {
        verifier = TokenVerifier(keys: KeySet([]), rules: rules)
        self.keySource = keySource
        keySource.onChange = { [weak self] keys in self?.verifier.keys = keys }
    }

    /// Fetches the issuer's keys before the first request needs them. Idempotent.
    package func prepare() async throws(AuthenticationError) {
        guard let keySource else { return }
        verifier.keys = try await keySource.keys(refreshing: false)
    }

    /// The principal of a REST request, by its `Authorization` header.
    package func authenticate(_ request: HTTPRequest) async throws(AuthenticationError) -> Principal {
        guard let token = BearerToken.inAuthorization(request) else { throw .missing }
        return try await authenticate(token)
    }

    package func authenticate(_ token: String) async throws(AuthenticationError) -> Principal {
        do throws(JOSEError) {
            return try principal(verifier.verify(token, now: WallClock.seconds()))
        } catch {
            guard error.code == .unknownKey, let keySource else { throw Self.refusal(error) }
            verifier.keys = try await keySource.keys(refreshing: true)
        }
        do throws(JOSEError) {
            return try principal(verifier.verify(token, now: WallClock.seconds()))
        } catch {
            throw Self.refusal(error)
        }
    }

    private func principal(_ claims: TokenClaims) throws(JOSEError) -> Principal {
        guard let name = claims.userID, let userID = UserID(name) else {
            throw JOSEError(.missingClaim, claim: "sub")
        }
        return Principal(userID: userID, expiresAt: claims.expiresAt, roles: claims.roles)
    }

    private static func refusal(_ error: JOSEError) -> AuthenticationError {
        error.code == .missingClaim && error.claim == "sub" ? .noIdentity : .refused(error.code.rawValue)
    }
}

/// Where an issuer's keys come from.
@Loop
package protocol KeySource: AnyObject, Sendable {
    /// The keys in force. `refreshing` asks for a fresh set because a token names a key that is not in the
    /// last one; how often that reaches the issuer is the source's to limit.
    func keys(refreshing: Bool) async throws(AuthenticationError) -> KeySet

    /// Told of every set that comes, asked for or not: a key that was withdrawn must not go on being good.
    var onChange: (@Loop (KeySet) -> Void)? { get set }
}
