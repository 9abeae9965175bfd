extension Loop {
    /// Suspends the calling task until `body`'s resumption is resumed, which may be within `body`.
    ///
    /// Unlike with `withCheckedContinuation`, no other task runs before `body`: calling that function may suspend,
    /// and a waiter that is not registered yet would miss its wake-up.
    ///
    /// Inherits the caller's isolation, since a function isolated to the loop would itself be such a call.
    package nonisolated(nonsending) static func suspend<Value: Sendable>(
        _ body: (LoopContinuation<Value>) -> Void
    ) async -> Value {
        let continuation = LoopContinuation<Value>()
        body(continuation)
        return await continuation.value()
    }

    /// As ``suspend(_:)``, but a cancellation of the task resumes it, with `value`. What it waited for goes on, and the
    /// later resumption has no effect.
    ///
    /// Isolated to the loop, since a closure that inherits its isolation leaves the loop when a function of the standard
    /// library calls it.
    @Loop package static func suspend<Value: Sendable>(
        orCancelled value: Value, _ body: (LoopContinuation<Value>) -> Void
    ) async -> Value {
        let continuation = LoopContinuation<Value>()
        return await withTaskCancellationHandler {
            body(continuation)
            return await continuation.value()
        } onCancel: {
            Loop.task { continuation.abandon(returning: value) }
        }
    }
}

/// Resumes a task suspended by ``Loop/suspend(_:)``, exactly once, now or later; a resumption after ``abandon(returning:)``
/// has no effect.
@Loop
package final class LoopContinuation<Value: Sendable> {
    @safe private enum State {
        case running
        case suspended(UnsafeContinuation<Value, Never>)
        case resumed(Value)
        case finished
    }

    private var state = State.running
    /// Whether the task was resumed before what it waits for came.
    package private(set) var isAbandoned = false

    fileprivate nonisolated init() {}

    /// Resumes the task without what it waits for: its time is over, or it was cancelled. No effect once it is resumed.
    package func abandon(returning value: Value) {
        switch state {
        case .running, .suspended:
            resume(returning: value)
            isAbandoned = true
        case .resumed, .finished: break
        }
    }

    package func resume(returning value: Value) {
        if isAbandoned { return }
        switch state {
        case .running: state = .resumed(value)
        case .suspended(let continuation):
            state = .finished
            unsafe continuation.resume(returning: value)
        case .resumed, .finished: preconditionFailure("a suspended task was resumed twice")
        }
    }

    fileprivate func value() async -> Value {
        if case .resumed(let value) = state { return value }
        // Unchecked: the states above ensure that it is resumed once.
        return await unsafe withUnsafeContinuation { continuation in
            // The task may have lost its turn on the way here.
            if case .resumed(let value) = state {
                unsafe continuation.resume(returning: value)
            } else {
                state = unsafe .suspended(continuation)
            }
        }
    }
}

extension LoopContinuation<Void> {
    package func resume() { resume(returning: ()) }
}
