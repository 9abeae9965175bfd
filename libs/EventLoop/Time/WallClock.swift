internal import Glibc

/// The time of day, for values that leave the process: timestamps, token lifetimes. It may jump; waits
/// use ``Instant``.
package enum WallClock {
    /// Since 1970-01-01T00:00:00Z.
    package static func milliseconds() -> Int64 { nanoseconds() / 1_000_000 }

    /// Since 1970-01-01T00:00:00Z.
    package static func nanoseconds() -> Int64 {
        if unsafe SimulatedSystem.isActive { return unsafe SimulatedSystem.now + SimulatedSystem.wallOffset }
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Since 1970-01-01T00:00:00Z, rounded down: the unit of a token's claims.
    package static func seconds() -> Int { Int(milliseconds() / 1000) }
}
