/// The body of ``withDeadline(_:_:)`` did not end in time, and was cancelled.
package struct DeadlineExceededError: Error, Sendable {
    package let limit: Duration
}

extension Loop {
    /// Suspends the calling task on the loop's clock; throws as soon as the task is cancelled.
    @Loop package static func sleep(for duration: Duration) async throws(CancellationError) {
        var timer: Timer?
        defer { timer?.cancel() }
        let isCancelled = await suspend(orCancelled: true) { continuation in
            timer = Timer { continuation.abandon(returning: false) }
            timer?.arm(after: duration)
        }
        if isCancelled { throw CancellationError() }
    }
}

/// Runs `body` as a child task and cancels it after `limit`; returns only after it has ended.
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
        if isLate { throw DeadlineExceededError(limit: limit) }
        throw error
    }
}
