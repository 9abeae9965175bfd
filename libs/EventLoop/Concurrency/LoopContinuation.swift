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
}

/// Resumes a task suspended by ``Loop/suspend(_:)``, exactly once, now or later.
@Loop
package final class LoopContinuation<Value: Sendable> {
    @safe private enum State {
        case running
        case suspended(UnsafeContinuation<Value, Never>)
        case resumed(Value)
        case finished
    }

    private var state = State.running

    fileprivate nonisolated init() {}

    package func resume(returning value: Value) {
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
