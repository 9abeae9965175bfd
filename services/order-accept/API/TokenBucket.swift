import EventLoop

/// Lets `burst` through at once and `rate` a second in the long run. Holds no clock.
struct TokenBucket: Sendable {
    struct Limit: Hashable, Sendable {
        /// A second; at least 1.
        var rate: Int
        /// At least 1.
        var burst: Int
    }

    private var tokens: Double
    private var filledAt: Instant

    /// A full one.
    init(_ limit: Limit, now: Instant) {
        tokens = Double(limit.burst)
        filledAt = now
    }

    mutating func take(_ limit: Limit, now: Instant) -> RateLimitDecision {
        let elapsed = max(0, filledAt.duration(to: now).seconds)
        tokens = min(Double(limit.burst), tokens + elapsed * Double(limit.rate))
        filledAt = now
        let isAllowed = tokens >= 1
        if isAllowed { tokens -= 1 }
        let missing = isAllowed ? Double(limit.burst) - tokens : 1 - tokens
        return RateLimitDecision(
            isAllowed: isAllowed, limit: limit.burst, remaining: Int(tokens),
            resetSeconds: Int((missing / Double(limit.rate)).rounded(.up)))
    }
}

/// What a request is told of its user's bucket.
struct RateLimitDecision: Hashable, Sendable {
    var isAllowed: Bool
    var limit: Int
    var remaining: Int
    /// Until the bucket is full again, or, for a refused request, until one more is let through.
    var resetSeconds: Int
}
