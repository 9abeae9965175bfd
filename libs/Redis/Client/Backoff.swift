/// Full-jitter exponential backoff: each delay is drawn from zero to a bound which doubles up to a cap.
///
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
package struct Backoff: Sendable {
    package var base: Duration
    package var cap: Duration
    package private(set) var failures = 0

    package init(base: Duration = .milliseconds(50), cap: Duration = .seconds(2)) {
        self.base = base
        self.cap = cap
    }

    /// The upper bound of the next delay.
    package var bound: Duration {
        var bound = base
        for _ in 0..<min(failures, 30) {
            if bound >= cap { break }
            bound = bound * 2
        }
        return min(bound, cap)
    }

    /// Counts one more failure and draws the delay before the next attempt.
    package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let share = Double.random(in: 0...1, using: &random)
        defer { failures += 1 }
        return bound * share
    }

    package mutating func reset() { failures = 0 }
}
