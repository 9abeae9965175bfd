import EventLoop
import HTTP
import Identity
import Service

/// Checks every request to the console: its origin, the token, the role.
@Loop
struct OperatorGuard {
    private let authenticator: Authenticator
    private let origins: [String]

    init(_ authenticator: Authenticator, origins: [String]) {
        self.authenticator = authenticator
        self.origins = origins
    }

    /// - Returns: the operator.
    func admit(_ request: HTTPRequest) async throws(Problem) -> Principal {
        guard request.isOriginAllowed(origins, missing: true),
            request.headers["Sec-Fetch-Site"] != "cross-site"
        else { throw Problem(.forbidden, "This origin may not use the console.") }
        let principal: Principal
        do throws(AuthenticationError) {
            principal = try await authenticator.authenticate(request)
        } catch {
            throw Problem(error)
        }
        guard principal.isOperator else { throw Problem(.forbidden, "This requires the role `operator`.") }
        return principal
    }

    /// Whether the operator's token is still good.
    func isValid(_ caller: Principal) -> Bool {
        caller.expiresAt > WallClock.seconds() && authenticator.trusts(caller.keyTag)
    }

    /// For requests that change something: besides, the body's type must be one that a page of another origin cannot
    /// send without a preflight (Fetch, "CORS-safelisted request-header").
    func admitChange(_ request: HTTPRequest) async throws(Problem) -> Principal {
        guard request.headers["Content-Type"]?.hasPrefix("application/json") == true else {
            throw Problem(.unsupportedMediaType, "The body must be application/json.")
        }
        return try await admit(request)
    }
}
