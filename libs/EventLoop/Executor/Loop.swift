/// The process's one event loop, as a global actor.
///
/// Everything that does I/O is isolated to it: an event reaches its owner, and one layer calls the next, without
/// locks and without changing threads. More cores are used by running more replicas.
///
/// A service calls ``run(_:)`` on its main thread, which becomes the loop. Anywhere else (a test, a tool)
/// the first job starts the loop on a thread of its own.
@globalActor
package actor Loop {
    package static let shared = Loop()

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe Reactor.shared.asUnownedSerialExecutor()
    }

    /// Whether the calling thread is the loop's.
    package nonisolated static var isCurrent: Bool { Reactor.shared.isCurrentThread }

    /// Makes the calling thread the loop until `main` returns; returns its result, the exit code.
    package nonisolated static func run(_ main: @escaping @Loop () async -> Int32) -> Int32 {
        let reactor = Reactor.shared
        reactor.adoptCurrentThread()
        return assumeIsolated {
            var exitCode: Int32?
            let task = Loop.task { exitCode = await main() }
            defer { task.cancel() }
            reactor.turn(until: { exitCode != nil })
            return exitCode ?? 0
        }
    }

    /// Starts a task that prefers the loop as its executor. Every task of a request or a message is started so.
    ///
    /// A continuation, a task's value and a group's next child resume on the task's preferred executor before they
    /// return to the actor. For a plain `Task { @Loop in … }` that is the global pool: two thread switches for
    /// each wait, 7.7 µs of CPU measured against 0.9 here. Child tasks inherit the preference; unstructured tasks do
    /// not.
    @discardableResult
    package nonisolated static func task<Success: Sendable>(
        _ body: @escaping @Loop () async -> Success
    ) -> Task<Success, Never> {
        Task(executorPreference: Reactor.shared) { await body() }
    }

    /// As ``task(_:)-(()->Success)``, for a body that throws.
    @discardableResult
    package nonisolated static func task<Success: Sendable>(
        _ body: @escaping @Loop () async throws -> Success
    ) -> Task<Success, any Error> {
        Task(executorPreference: Reactor.shared) { try await body() }
    }

    /// Runs `body` as loop code; traps when the calling thread is not the loop's.
    package nonisolated static func assumeIsolated<Result>(_ body: @Loop () throws -> Result) rethrows
        -> Result
    {
        Reactor.shared.checkIsolated()
        return try withoutActuallyEscaping(body) { body in
            // The same conversion as MainActor.assumeIsolated: isolation is no part of a closure's ABI,
            // and the thread was checked above.
            try unsafe unsafeBitCast(body, to: (() throws -> Result).self)()
        }
    }
}

extension Loop {
    /// The time at which the current turn of the loop began to work: one clock reading serves a whole turn.
    @Loop package static var now: Instant { LoopState.current.now }

    /// What the loop holds, for gauges and for tests that look for leaks.
    @Loop package static var statistics: LoopStatistics { LoopState.current.statistics }
}

/// Counts of what the loop holds and has done.
package struct LoopStatistics: Sendable, Equatable {
    package var descriptors = 0
    package var timers = 0
    package var turns: UInt64 = 0
    package var jobs: UInt64 = 0
    /// The longest time that one turn took without waiting, within the last one to two minutes: how long one request may
    /// have delayed another.
    package var longestTurn: Duration = .zero
}
