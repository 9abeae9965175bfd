/// Exponential backoff with full jitter: the n-th delay is uniform in 0…min(cap, base·2ⁿ), so that clients
/// thrown off together do not come back together.
package struct Backoff: Sendable {
    package let base: Duration
    package let cap: Duration
    private var attempt = 0

    package init(base: Duration = .milliseconds(50), cap: Duration = .seconds(5)) {
        self.base = base
        self.cap = cap
    }

    package mutating func reset() { attempt = 0 }

    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(cap, base * (1 << min(attempt, 20)))
        attempt += 1
        return ceiling * Double.random(in: 0...1, using: &generator)
    }
}
