package import EventLoop

/// A burst size and a sustained rate.
package struct RateLimit: Sendable, Hashable {
    package var burst: Int
    package var perSecond: Int

    /// - Parameters: each at least 1.
    package init(burst: Int, perSecond: Int) {
        self.burst = burst
        self.perSecond = perSecond
    }

    /// Nanoseconds between two requests at the sustained rate.
    fileprivate var interval: Int64 { 1_000_000_000 / Int64(max(1, perSecond)) }
    fileprivate var window: Int64 { interval * Int64(burst) }
}

/// The state of one subject under a ``RateLimit``, in eight bytes: the generic cell rate algorithm (ITU-T
/// I.371), which stores the theoretical arrival time of the next request. Has no clock.
package struct RateLimiter: Sendable, Hashable {
    private var theoreticalArrival: Int64 = .min

    package init() {}

    /// Takes one permit, if available.
    package mutating func take(_ limit: RateLimit, now: Instant) -> Bool {
        let start = max(theoreticalArrival, now.nanoseconds)
        guard start - now.nanoseconds + limit.interval <= limit.window else { return false }
        theoreticalArrival = start + limit.interval
        return true
    }

    /// Whether the limiter is in its initial state, so that it need not be stored.
    package func isIdle(now: Instant) -> Bool { theoreticalArrival <= now.nanoseconds }

    /// Permits that are available now.
    package func remaining(_ limit: RateLimit, now: Instant) -> Int {
        Int((limit.window - backlog(now)) / limit.interval)
    }

    /// Until every permit is available again.
    package func untilIdle(now: Instant) -> Duration { .nanoseconds(backlog(now)) }

    /// Until one permit is available.
    package func untilAvailable(_ limit: RateLimit, now: Instant) -> Duration {
        .nanoseconds(max(0, backlog(now) + limit.interval - limit.window))
    }

    private func backlog(_ now: Instant) -> Int64 {
        max(0, max(theoreticalArrival, now.nanoseconds) - now.nanoseconds)
    }
}
