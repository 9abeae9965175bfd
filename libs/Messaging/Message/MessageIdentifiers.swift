package import EventLoop
internal import Observability
internal import Orders

/// Issues message ids: UUIDv7, growing within a process. They must be unique, not unpredictable, so the
/// random part comes from a generator seeded once.
@Loop
package struct MessageIdentifiers {
    private var generator = CorrelationIDGenerator()
    private var random = WyRand(seed: LoopRandom.next())

    package nonisolated init() {}

    package mutating func next(at milliseconds: Int64 = WallClock.milliseconds()) -> String {
        generator.make(unixMilliseconds: milliseconds, random: random.next()).description
    }
}
