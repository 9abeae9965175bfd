import EventLoop
import HTTP
import Identity
import Observability
import Orders
import Service

/// Authenticates requests and applies the users' rate limits.
@Loop
final class RequestAuthorizer {
    private let authenticator: Authenticator
    private let limiter: UserRateLimiter?
    private let readLimiter: UserRateLimiter?
    private let limited: Counter

    /// - Parameters:
    ///   - limiter: of changes; nil for no limit.
    ///   - readLimiter: of queries of orders; nil for no limit.
    init(
        _ authenticator: Authenticator, limiter: UserRateLimiter?, readLimiter: UserRateLimiter? = nil,
        metrics: Metrics
    ) {
        self.authenticator = authenticator
        self.limiter = limiter
        self.readLimiter = readLimiter
        limited = metrics.counter(
            "waybill_rate_limited_requests_total", "Requests refused by their user's rate limit.")
        if let limiter {
            metrics.gauge("waybill_rate_limit_users", "Users with a rate limiter.") {
                Double(limiter.count)
            }
        }
    }

    func authenticate(_ request: HTTPRequest) async throws(Problem) -> UserID {
        do throws(AuthenticationError) {
            return try await authenticator.authenticate(request).userID
        } catch {
            throw Problem(error)
        }
    }

    /// Refuses a changing request before its body is read.
    func admitChange(_ request: HTTPRequest) async throws(Problem) {
        let user = try await authenticate(request)
        guard let decision = limiter?.decision(for: user), !decision.isAllowed else { return }
        throw refusal(decision)
    }

    /// The user of a changing request, and the response's `RateLimit` headers.
    func authorizeChange(_ request: HTTPRequest) async throws(Problem) -> (user: UserID, headers: HTTPHeaders)
    {
        try await authorize(request, limiter)
    }

    /// The same for a query of orders.
    func authorizeRead(_ request: HTTPRequest) async throws(Problem) -> (user: UserID, headers: HTTPHeaders) {
        try await authorize(request, readLimiter)
    }

    private func authorize(
        _ request: HTTPRequest, _ limiter: UserRateLimiter?
    ) async throws(Problem) -> (user: UserID, headers: HTTPHeaders) {
        let user = try await authenticate(request)
        guard let limiter else { return (user, [:]) }
        let decision = limiter.take(for: user)
        guard decision.isAllowed else { throw refusal(decision) }
        return (user, Self.headers(decision))
    }

    private func refusal(_ decision: UserRateLimiter.Decision) -> Problem {
        limited.increment()
        var headers = Self.headers(decision)
        headers.add("Retry-After", "\(max(1, decision.resetSeconds))")
        return Problem(.tooManyRequests, "Too many requests; slow down.", headers: headers)
    }

    private static func headers(_ decision: UserRateLimiter.Decision) -> HTTPHeaders {
        [
            "RateLimit-Limit": "\(decision.limit)", "RateLimit-Remaining": "\(decision.remaining)",
            "RateLimit-Reset": "\(decision.resetSeconds)",
        ]
    }
}
