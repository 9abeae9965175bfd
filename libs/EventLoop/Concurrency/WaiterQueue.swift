/// Why a wait in a ``WaiterQueue`` ended.
package enum WaitResult<Value: Sendable>: Sendable {
    case value(Value)
    /// The deadline passed.
    case timedOut
    /// The waiting task was cancelled.
    case cancelled
    /// The queue was full; the task did not wait.
    case overloaded
}

/// Tasks that wait for a value: first in, first out, bounded, each with a deadline, one timer for all.
@Loop
package final class WaiterQueue<Value: Sendable> {
    /// One waiting task. Settled once, by the first of value, deadline and cancellation.
    @Loop
    package final class Waiter {
        fileprivate let deadline: Instant?
        fileprivate var continuation: LoopContinuation<WaitResult<Value>>?
        /// Set once; a cancellation may come before the task is suspended.
        fileprivate var result: WaitResult<Value>?

        fileprivate init(_ deadline: Instant?) { self.deadline = deadline }

        package var isSettled: Bool { result != nil }
    }

    private let limit: Int
    private var waiters = Deque<Waiter>()
    /// Waiters that are not settled; settled ones stay in the queue until they reach its front.
    package private(set) var count = 0
    private static var never: Instant { Instant(nanoseconds: .max) }
    /// Whether the deadlines grow along the queue, as with one limit for all.
    private var isInOrder = true
    private var lastDeadline = Instant(nanoseconds: 0)
    private lazy var timer = Timer { [unowned self] in expire() }

    /// - Parameter limit: how many may wait at once.
    package nonisolated init(limit: Int = .max) { self.limit = limit }

    package var isEmpty: Bool { count == 0 }

    /// Waits until the queue, or the waiter handed to `enqueued`, is resumed.
    ///
    /// - Parameters:
    ///   - deadline: nil for none.
    ///   - available: called in the turn in which the task would be suspended; a value ends the wait at once.
    package func wait(
        until deadline: Instant?, unless available: () -> Value? = { nil },
        enqueued: (Waiter) -> Void = { _ in }
    ) async -> WaitResult<Value> {
        let waiter = Waiter(deadline)
        return await withTaskCancellationHandler {
            await Loop.suspend { continuation in
                if let result = waiter.result { return continuation.resume(returning: result) }
                if let value = available() { return continuation.resume(returning: .value(value)) }
                guard count < limit else { return continuation.resume(returning: .overloaded) }
                waiter.continuation = continuation
                if waiters.isEmpty { isInOrder = true }
                isInOrder = isInOrder && (waiter.deadline ?? Self.never) >= lastDeadline
                lastDeadline = (waiter.deadline ?? Self.never)
                waiters.append(waiter)
                count += 1
                if let deadline, !timer.isArmed || deadline < timer.deadline { timer.arm(at: deadline) }
                enqueued(waiter)
            }
        } onCancel: {
            Loop.task { self.settle(waiter, .cancelled) }
        }
    }

    /// - Returns: false when no task waits.
    @discardableResult
    package func resumeFirst(returning value: Value) -> Bool {
        while let waiter = waiters.popFirst() {
            guard !waiter.isSettled else { continue }
            settle(waiter, .value(value))
            return true
        }
        return false
    }

    package func resume(_ waiter: Waiter, returning value: Value) { settle(waiter, .value(value)) }

    /// Resumes every task that waits now.
    package func resumeAll(returning value: Value) {
        for waiter in waiters.removeAll() { settle(waiter, .value(value)) }
        timer.cancel()
    }

    private func settle(_ waiter: Waiter, _ result: WaitResult<Value>) {
        guard !waiter.isSettled else { return }
        waiter.result = result
        guard let continuation = waiter.continuation.take() else { return }
        count -= 1
        continuation.resume(returning: result)
        while waiters.first?.isSettled == true { waiters.popFirst() }
    }

    private func expire() {
        let now = Loop.now
        if isInOrder {
            while let first = waiters.first, first.isSettled || (first.deadline ?? Self.never) <= now {
                waiters.popFirst()
                settle(first, .timedOut)
            }
            if let deadline = waiters.first?.deadline { timer.arm(at: deadline) }
            return
        }
        var next: Instant?
        for waiter in waiters where !waiter.isSettled {
            guard let deadline = waiter.deadline else { continue }
            if deadline <= now {
                settle(waiter, .timedOut)
            } else {
                next = next.map { min($0, deadline) } ?? deadline
            }
        }
        if let next { timer.arm(at: next) }
    }
}
