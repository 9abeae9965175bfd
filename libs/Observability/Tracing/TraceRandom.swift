internal import EventLoop

/// A generator for trace and span ids, seeded once from the system. The ids need to be unique but not unpredictable,
/// and `SystemRandomNumberGenerator` costs a system call per number.
enum TraceRandom {
    @Loop static var generator = WyRand(seed: .random(in: .min ... .max))
}

/// wyrand (Wang Yi, public domain): 64 bits of state, one multiplication per number.
package struct WyRand: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0xa076_1d64_78bd_642f
        let product = state.multipliedFullWidth(by: state ^ 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low
    }
}
