internal import EventLoop

/// How often and how long to try again.
package struct Retry: Sendable {
    /// All attempts, the first included.
    package var attempts: Int
    /// No attempt begins later than this after the first.
    package var budget: Duration
    package var backoff: Backoff

    package init(attempts: Int, budget: Duration = .seconds(5), backoff: Backoff = .conflict) {
        self.attempts = attempts
        self.budget = budget
        self.backoff = backoff
    }

    package static let never = Retry(attempts: 1)
    /// For transactions that lose against others now and then.
    package static let conflicts = Retry(attempts: 5)

    /// How long to wait before the next attempt; nil when there is none.
    /// - Parameters:
    ///   - failed: attempts so far, at least 1.
    ///   - elapsed: since the first began.
    func delay(afterFailed failed: Int, elapsed: Duration) -> Duration? {
        guard failed < attempts else { return nil }
        let delay = backoff.delay(attempt: failed - 1)
        return elapsed + delay > budget ? nil : delay
    }
}

/// Exponential, capped, with full jitter: a crowd that failed together does not come back together.
package struct Backoff: Sendable {
    package var base: Duration
    package var cap: Duration

    package init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    package static let conflict = Backoff(base: .milliseconds(5), cap: .milliseconds(200))
    package static let reconnect = Backoff(base: .milliseconds(50), cap: .seconds(5))

    /// The upper bound of a wait.
    /// - Parameter attempt: from 0.
    package func ceiling(attempt: Int) -> Duration { min(cap, base * (1 << min(max(attempt, 0), 20))) }

    package func delay(attempt: Int) -> Duration { ceiling(attempt: attempt).jittered }
}
