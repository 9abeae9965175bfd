/// A run of the loop that a seed decides: time passes only while no job is ready, and then at once to the next timer; which of
/// the ready jobs is next, random delays and ids come from the seed. Nothing in it may wait for a descriptor or another thread.
///
/// Runs on the loop of the process, one at a time. Iteration over sets and dictionaries is part of what a run does, so that a
/// seed is replayed in another process only with `SWIFT_DETERMINISTIC_HASHING` set.
@Loop
package enum Simulation {
    /// Why a run stopped before its end.
    package enum Stop: Error, Sendable {
        /// No job is ready, no timer is armed, and the body has not returned: a wake-up was lost.
        case stuck
        /// The body has not returned within the limit of simulated time.
        case late
        /// Timers were armed again and again after the body had returned.
        case unending
    }

    private static let start: Int64 = 1_000_000_000_000
    /// 2026-01-01T00:00:00Z.
    private static let wallStart: Int64 = 1_767_225_600_000_000_000

    /// Of a thousand choices among ready jobs those that are not for the first in line.
    private static let disorder: UInt64 = 50

    private static var isStuck: (@Loop () -> Void)?

    /// Runs `body`; returns what it returned, and a hash over all that happened.
    ///
    /// - Parameter limit: of simulated time.
    package static func run<Result: Sendable>(
        seed: UInt64, limit: Duration, _ body: @escaping @Loop () async -> Result
    ) async -> (result: Swift.Result<Result, Stop>, hash: UInt64) {
        precondition(unsafe !SimulatedSystem.isActive, "one simulation at a time")
        unsafe SimulatedSystem.random = SplitMix64(seed: seed)
        unsafe SimulatedSystem.now = start
        unsafe SimulatedSystem.wallOffset = wallStart - start
        unsafe SimulatedSystem.hash = 0xcbf2_9ce4_8422_2325
        unsafe SimulatedSystem.isActive = true
        LoopState.current.now = .systemNow()
        let result: Swift.Result<Result, Stop> = await Loop.suspend { continuation in
            var isOver = false
            @Loop func end(_ result: Swift.Result<Result, Stop>) {
                if isOver { return }
                isOver = true
                continuation.resume(returning: result)
            }
            let timer = Timer { end(.failure(hasReturned ? .unending : .late)) }
            timer.arm(after: limit)
            limitTimer = timer
            isStuck = { end(.failure(.stuck)) }
            hasReturned = false
            Loop.task {
                let result = await body()
                hasReturned = true
                // What the body left behind comes to its end: it must not reach into the next run.
                timer.arm(after: limit)
                isStuck = {
                    timer.cancel()
                    end(.success(result))
                }
            }
        }
        limitTimer = nil
        isStuck = nil
        unsafe SimulatedSystem.isActive = false
        LoopState.current.now = .systemNow()
        return (result, unsafe SimulatedSystem.hash)
    }

    private static var limitTimer: Timer?
    private static var hasReturned = false

    /// Moves the wall clock, as an operator or a time server does.
    package static func moveWallClock(by duration: Duration) {
        unsafe SimulatedSystem.wallOffset += duration.nanoseconds
    }

    /// Adds to the hash what a port was asked.
    package static func note(_ value: UInt64) { SimulatedSystem.note(value) }

    /// Which of the ready jobs is next.
    static func nextJob(of count: Int) -> Int {
        guard count > 1, unsafe SimulatedSystem.random.next() % 1000 < disorder else { return 0 }
        return Int(unsafe SimulatedSystem.random.next() % UInt64(count))
    }

    /// Moves the clock to the next timer.
    static func passTime(_ state: LoopState) {
        guard let next = state.timers.next, !(hasReturned && state.timers.count == 1) else {
            isStuck?()
            return
        }
        unsafe SimulatedSystem.now = max(SimulatedSystem.now, next.nanoseconds)
        SimulatedSystem.note(UInt64(bitPattern: unsafe SimulatedSystem.now))
    }
}
