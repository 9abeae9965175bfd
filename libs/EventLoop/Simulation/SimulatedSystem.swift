/// What takes the place of the system's clocks and random numbers while a ``Simulation`` runs.
///
/// Any thread reads `isActive`, which changes in no process that has others at work: a simulation has one thread, the loop's,
/// and that one alone touches the rest.
@safe
enum SimulatedSystem {
    nonisolated(unsafe) static var isActive = false
    /// Of the monotonic clock, in nanoseconds.
    nonisolated(unsafe) static var now: Int64 = 0
    /// What the wall clock is ahead of the monotonic one.
    nonisolated(unsafe) static var wallOffset: Int64 = 0
    nonisolated(unsafe) static var random = SplitMix64(seed: 0)
    /// Over each job, timer and call that is noted.
    nonisolated(unsafe) static var hash: UInt64 = 0

    static func note(_ value: UInt64) { unsafe hash = (hash ^ value) &* 0x100_0000_01b3 }
}
