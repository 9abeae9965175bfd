import EventLoop
import HTTP
import Identity
import Observability
import Service

/// What every handshake passes: origin, rates, and the token that it brings.
@Loop
struct HandshakeGuard {
    let sessions: SessionRegistry
    /// Pages that may connect, as browsers name them.
    let origins: [String]

    /// - Returns: the address to count the session with; `nil` for the loopback's.
    func admit(_ request: HTTPRequest) throws -> String? {
        // No `Origin` means no browser: its user cannot be tricked into connecting by a page.
        guard request.isOriginAllowed(origins, missing: true) else {
            sessions.metrics.refusals.origin.increment()
            throw Problem(.forbidden, "This origin may not connect.")
        }
        let client = request.clientAddress
        let address = client.isEmpty || client.hasPrefix("127.") || client == "::1" ? nil : client
        do throws(SessionRegistry.Refusal) {
            try sessions.admit(address)
        } catch {
            switch error {
            case .draining: throw Problem.unavailable("This replica is about to stop.")
            case .rate, .address:
                throw Problem(
                    .tooManyRequests, "Too many connections.",
                    headers: ["Retry-After": "\(Int.random(in: 1...5))"])
            }
        }
        return address
    }

    /// The principal of a stream or a hub, whose clients can be told 401.
    func principal(_ request: HTTPRequest) async throws -> Principal {
        do throws(AuthenticationError) {
            guard let token = BearerToken.forSocket(request) else { throw .missingToken }
            return try await sessions.authenticator.authenticate(token)
        } catch {
            if error == .unavailable { throw Problem.unavailable("Tokens cannot be verified.") }
            sessions.metrics.refusals.token.increment()
            if error == .noIdentity { throw Problem(.forbidden, "The token names no user.") }
            throw Problem(.unauthorized, headers: ["WWW-Authenticate": "Bearer"])
        }
    }

    /// What a native socket brings. Browsers hide a handshake's status from their pages, so a bad token is
    /// answered with a close code.
    func credentials(_ request: HTTPRequest) async -> HandshakeContext.Credentials? {
        guard let token = BearerToken.forSocket(request) else { return nil }
        do throws(AuthenticationError) {
            return .principal(try await sessions.authenticator.authenticate(token))
        } catch {
            sessions.metrics.refusals.token.increment()
            return .refusal(error == .unavailable ? .tryAgainLater : .unauthenticated)
        }
    }
}
