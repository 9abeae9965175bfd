package import EventLoop

/// How often and how long to try a transaction again.
package struct PostgresRetryPolicy: Sendable {
    /// All attempts, the first included.
    package var attempts: Int
    /// No attempt begins later than this after the first.
    package var budget: Duration
    package var backoff: Backoff

    package init(
        attempts: Int, budget: Duration = .seconds(5),
        backoff: Backoff = Backoff(base: .milliseconds(5), cap: .milliseconds(200))
    ) {
        self.attempts = attempts
        self.budget = budget
        self.backoff = backoff
    }

    package static let never = PostgresRetryPolicy(attempts: 1)
    /// For transactions that lose against others now and then.
    package static let conflicts = PostgresRetryPolicy(attempts: 5)

    /// Counts one more failure.
    /// - Parameter elapsed: since the first attempt began.
    /// - Returns: how long to wait before the next attempt; nil when there is none.
    mutating func next(elapsed: Duration) -> Duration? {
        let delay = backoff.next()
        guard backoff.failures < attempts, elapsed + delay <= budget else { return nil }
        return delay
    }
}
