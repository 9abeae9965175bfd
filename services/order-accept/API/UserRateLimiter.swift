import EventLoop
import Orders
import Service

/// A ``RateLimiter`` for each user, in a table of bounded size: two generations, of which the previous one is dropped
/// when the current one is full. A user not seen for a whole generation starts with a full burst.
@Loop
final class UserRateLimiter {
    /// The answer to one request, for its headers.
    struct Decision: Hashable, Sendable {
        var isAllowed: Bool
        var limit: Int
        var remaining: Int
        /// Until the whole burst is available again; for a refused request, until one more is allowed.
        var resetSeconds: Int
    }

    private let limit: RateLimit
    private let generationSize: Int
    private var current: [UserID: RateLimiter] = [:]
    private var previous: [UserID: RateLimiter] = [:]

    init(_ limit: RateLimit, generationSize: Int = 50_000) {
        self.limit = limit
        self.generationSize = generationSize
    }

    /// Users that are remembered.
    var count: Int { current.count + previous.count }

    func take(for user: UserID, now: Instant = Loop.now) -> Decision {
        var limiter = current[user] ?? previous.removeValue(forKey: user) ?? RateLimiter()
        let isAllowed = limiter.take(limit, now: now)
        if current[user] == nil, current.count >= generationSize {
            previous = current
            current = [:]
        }
        current[user] = limiter
        return decision(limiter, isAllowed, now)
    }

    /// What ``take(for:now:)`` would answer, without taking anything.
    func decision(for user: UserID, now: Instant = Loop.now) -> Decision {
        var limiter = current[user] ?? previous[user] ?? RateLimiter()
        let isAllowed = limiter.take(limit, now: now)
        return decision(limiter, isAllowed, now)
    }

    private func decision(_ limiter: RateLimiter, _ isAllowed: Bool, _ now: Instant) -> Decision {
        let reset = isAllowed ? limiter.untilIdle(now: now) : limiter.untilAvailable(limit, now: now)
        return Decision(
            isAllowed: isAllowed, limit: limit.burst, remaining: limiter.remaining(limit, now: now),
            resetSeconds: Int(reset.seconds.rounded(.up)))
    }
}
