package import EventLoop

/// A monotonic counter. An increment is one addition, because labels are resolved at registration.
@Loop package final class Counter {
    package private(set) var value: UInt64 = 0

    nonisolated init() {}

    package func increment(by amount: UInt64 = 1) {
        value &+= amount
    }
}

/// A value that goes up and down.
@Loop package final class Gauge {
    package var value: Double = 0

    nonisolated init() {}

    package func add(_ amount: Double) {
        value += amount
    }
}

/// Counts observations in fixed buckets. Durations are observed in seconds.
@Loop package final class Histogram {
    /// Upper bounds, inclusive, ascending; the last bucket, `+Inf`, is implied.
    package let bounds: [Double]
    /// Observations per bucket, not cumulative; one more than the bounds.
    package private(set) var counts: [UInt64]
    package private(set) var sum: Double = 0

    init(bounds: [Double]) {
        precondition(
            bounds.allSatisfy(\.isFinite) && zip(bounds, bounds.dropFirst()).allSatisfy(<),
            "the bounds of a histogram are finite and ascending")
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    package func observe(_ value: Double) {
        var bucket = 0
        while bucket < bounds.count && value > bounds[bucket] { bucket += 1 }
        counts[bucket] &+= 1
        sum += value
    }

    package func observe(_ duration: Duration) {
        observe(duration.seconds)
    }
}

extension Histogram {
    /// Seconds, from half a millisecond to ten seconds, for requests and round trips on the same network.
    package nonisolated static let latency: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
    ]

    /// Powers of two up to 1024, for sizes of batches and queues.
    package nonisolated static let sizes: [Double] = (0...10).map { Double(1 << $0) }
}
