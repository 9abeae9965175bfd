/// Delays between attempts: exponential with full jitter. Each is drawn between zero and a bound that doubles up to
/// the cap, so that clients that lost their connections together do not reconnect together.
package struct Backoff: Sendable {
    private let base: Duration
    private let cap: Duration
    package private(set) var failures = 0

    package init(base: Duration = .milliseconds(50), cap: Duration = .seconds(2)) {
        self.base = base
        self.cap = cap
    }

    /// The upper bound of the next delay.
    package var bound: Duration { min(cap, base * (1 << min(failures, 20))) }

    /// Counts one more failure and draws the delay before the next attempt.
    package mutating func next() -> Duration {
        var generator = LoopRandom()
        return next(using: &generator)
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        defer { failures += 1 }
        return .nanoseconds(Int64.random(in: 0...bound.nanoseconds, using: &generator))
    }

    package mutating func reset() { failures = 0 }
}
