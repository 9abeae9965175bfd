import EventLoop
import HTTP
import Identity
import Observability
import Service

/// The checks of every handshake: origin, rate limits and token.
@Loop
struct HandshakeGuard {
    let sessions: SessionRegistry
    /// The origins whose pages may connect.
    let origins: [String]

    /// - Returns: the address that the session counts against; nil for the loopback's.
    func admit(_ request: HTTPRequest) throws -> IPAddress? {
        // A client without `Origin` is no browser, so that no page can make it connect.
        guard request.isOriginAllowed(origins, missing: true) else {
            sessions.metrics.refusals.origin.increment()
            throw Problem(.forbidden, "This origin may not connect.")
        }
        let client = request.clientAddress?.client
        let address = client?.isLoopback == true ? nil : client
        do throws(SessionRegistry.AdmissionError) {
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

    /// The principal of an event stream or a hub, whose clients see the status 401.
    func principal(_ request: HTTPRequest) async throws -> Principal {
        do throws(AuthenticationError) {
            guard let token = BearerToken.forSocket(request) else { throw .missingToken }
            return try await sessions.authenticator.authenticate(token)
        } catch {
            if error != .unavailable { sessions.metrics.refusals.token.increment() }
            throw Problem(error)
        }
    }

    /// The credentials of a native socket. Browsers hide a handshake's status from pages, so an invalid token is answered
    /// with a close code.
    func credentials(_ request: HTTPRequest) async throws(Problem) -> HandshakeContext.Credentials? {
        guard let token = BearerToken.forSocket(request) else { return nil }
        do throws(AuthenticationError) {
            return .principal(try await sessions.authenticator.authenticate(token))
        } catch {
            sessions.metrics.refusals.token.increment()
            if error == .tokenTooLarge { throw Problem(error) }
            return .refusal(error == .unavailable ? .tryAgainLater : .unauthenticated)
        }
    }
}
