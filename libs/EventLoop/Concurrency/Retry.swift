extension Loop {
    /// Calls `attempt` until it reports success, with a jittered, growing delay between two attempts.
    ///
    /// - Parameters:
    ///   - deadline: no attempt starts after it.
    ///   - stopping: ends a delay, and the loop.
    ///   - attempt: returns whether it succeeded; gets the number of failures so far.
    /// - Returns: false when the deadline passed, `stopping` was set or the task was cancelled.
    @discardableResult
    @Loop package static func retry(
        _ backoff: Backoff, until deadline: Instant? = nil, stopping: AsyncSignal? = nil,
        _ attempt: @Loop (_ failures: Int) async -> Bool
    ) async -> Bool {
        var backoff = backoff
        let stopping = stopping ?? AsyncSignal()
        while !Task.isCancelled {
            if await attempt(backoff.failures) { return true }
            if let deadline, Instant.systemNow() >= deadline { return false }
            if await stopping.wait(within: backoff.next()) { return false }
        }
        return false
    }

    /// Keeps a connection up: calls `serve` again and again, with a jittered, growing delay, until `stopping` is set or
    /// the task is cancelled.
    ///
    /// - Parameters:
    ///   - stableAfter: a connection that was up for longer resets the delay.
    ///   - serve: connects, waits for the connection's end, and returns for how long it was up; zero for a failed
    ///     attempt.
    @Loop package static func reconnect(
        _ backoff: Backoff, stableAfter: Duration, until stopping: AsyncSignal, _ serve: @Loop () async -> Duration
    ) async {
        var backoff = backoff
        while !stopping.isSet, !Task.isCancelled {
            if await serve() > stableAfter { backoff.reset() }
            await stopping.wait(within: backoff.next())
        }
    }
}
