/// The body of ``withDeadline(_:_:)`` did not end in time, and was cancelled.
package struct DeadlineExceeded: Error, Sendable {
    package let limit: Duration
}

extension Loop {
    /// Suspends the calling task on the loop's clock; throws as soon as the task is cancelled.
    @Loop package static func sleep(for duration: Duration) async throws(CancellationError) {
        let sleeper = Sleeper()
        let ended = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in sleeper.begin(duration, continuation) }
        } onCancel: {
            Task { @Loop in sleeper.end(completed: false) }
        }
        if !ended { throw CancellationError() }
    }
}

@Loop
private final class Sleeper {
    private var continuation: CheckedContinuation<Bool, Never>?
    private var isCancelled = false
    private lazy var timer = Timer { [weak self] in self?.end(completed: true) }

    func begin(_ duration: Duration, _ continuation: CheckedContinuation<Bool, Never>) {
        if isCancelled || Task.isCancelled { return continuation.resume(returning: false) }
        self.continuation = continuation
        timer.arm(after: duration)
    }

    func end(completed: Bool) {
        isCancelled = true
        timer.cancel()
        continuation?.resume(returning: completed)
        continuation = nil
    }
}

/// Runs `body` as a task of its own and cancels it after `limit`; the answer waits for it to have ended.
@Loop
package func withDeadline<Result: Sendable>(
    _ limit: Duration, _ body: @escaping @Loop () async throws -> Result
) async throws -> Result {
    let task = Loop.task { try await body() }
    var isLate = false
    let timer = Timer {
        isLate = true
        task.cancel()
    }
    timer.arm(after: limit)
    defer { timer.cancel() }
    do {
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    } catch {
        if isLate { throw DeadlineExceeded(limit: limit) }
        throw error
    }
}
