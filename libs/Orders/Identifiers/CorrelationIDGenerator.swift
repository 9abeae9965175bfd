/// Generates version 7 identifiers that increase strictly within a process, also when the clock steps back.
///
/// `rand_a` is a counter within the millisecond (RFC 9562, section 6.2, method 1). When the clock stops or steps
/// back, or more than 4,096 are generated in a millisecond, the timestamp runs ahead of the clock.
package struct CorrelationIDGenerator: Sendable {
    private var milliseconds: UInt64 = 0
    private var counter: UInt16 = 0

    package init() {}

    /// - Parameters:
    ///   - unixMilliseconds: the wall clock; negative values count as zero.
    ///   - random: 64 bits of a cryptographic generator, of which 62 are used.
    package mutating func make(unixMilliseconds: Int64, random: UInt64) -> CorrelationID {
        let clock = UInt64(max(unixMilliseconds, 0)) & 0xFFFF_FFFF_FFFF
        if clock > milliseconds {
            milliseconds = clock
            counter = 0
        } else if counter < 0x0FFF {
            counter += 1
        } else {
            milliseconds += 1
            counter = 0
        }
        return CorrelationID(unixMilliseconds: milliseconds, randomA: counter, randomB: random)
    }
}
