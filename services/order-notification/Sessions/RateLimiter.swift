import EventLoop

/// How much of something is allowed: so many at once, and so many a second after that.
struct Rate: Sendable, Equatable {
    var burst: Int
    var perSecond: Int

    fileprivate var interval: Int64 { 1_000_000_000 / Int64(max(1, perSecond)) }
}

/// What is left of a ``Rate``, in eight bytes: the generic cell rate algorithm (ITU-T I.371), which keeps the
/// time at which all that was taken will have been paid for.
struct RateLimiter: Sendable {
    private var theoreticalArrival: Int64 = .min

    /// Takes one, if there is one.
    mutating func take(_ rate: Rate, now: Instant) -> Bool {
        let start = max(theoreticalArrival, now.nanoseconds)
        guard start - now.nanoseconds < rate.interval * Int64(rate.burst) else { return false }
        theoreticalArrival = start + rate.interval
        return true
    }

    /// Whether nothing is owed, so that it need not be remembered.
    func isFull(now: Instant) -> Bool { theoreticalArrival <= now.nanoseconds }
}
