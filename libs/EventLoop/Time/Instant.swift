internal import Glibc

/// A point on the monotonic clock, in nanoseconds. It says nothing of the time of day.
package struct Instant: InstantProtocol, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads the clock; on the loop, ``Loop/now`` is cheaper and steady within a turn.
    package static func systemNow() -> Instant {
        if unsafe SimulatedSystem.isActive { return unsafe Instant(nanoseconds: SimulatedSystem.now) }
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds + duration.nanoseconds)
    }

    package func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds - nanoseconds)
    }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: instant.nanoseconds - duration.nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; saturates at about 292 years.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds as a floating-point number, for histograms and messages.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    /// A random part of this duration, from zero to all of it: "full jitter".
    package var jittered: Duration {
        var generator = LoopRandom()
        return .nanoseconds(Int64.random(in: 0...max(0, nanoseconds), using: &generator))
    }
}
