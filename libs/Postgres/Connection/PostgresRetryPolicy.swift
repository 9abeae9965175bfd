package import EventLoop

/// How often and how long to retry a transaction.
package struct PostgresRetryPolicy: Sendable {
    /// All attempts, the first included.
    package var attempts: Int
    /// The last attempt begins no later than this after the first.
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
    /// For transactions with occasional serialization conflicts.
    package static let conflicts = PostgresRetryPolicy(attempts: 5)

    /// Counts one more failure.
    /// - Parameter elapsed: since the first attempt began.
    /// - Returns: the delay before the next attempt; nil when there is none.
    mutating func next(elapsed: Duration) -> Duration? {
        let delay = backoff.next()
        guard backoff.failures < attempts, elapsed + delay <= budget else { return nil }
        return delay
    }
}
