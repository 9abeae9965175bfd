internal import EventLoop

/// Tasks which wait for something with a deadline: first in, first out, one timer for all of them.
@Loop
final class WaiterQueue {
    /// One waiting task; settled once, whatever comes first.
    @Loop final class Waiter {
        fileprivate var continuation: CheckedContinuation<Result<Void, RedisError>, Never>?
        fileprivate let deadline: Instant

        fileprivate init(deadline: Instant) { self.deadline = deadline }

        var isSettled: Bool { continuation == nil }

        func settle(_ result: Result<Void, RedisError>) {
            continuation?.resume(returning: result)
            continuation = nil
        }
    }

    private let limit: Int
    private let lateError: RedisError
    private var waiters: [Waiter] = []
    private lazy var timer = Timer { [weak self] in self?.expire() }

    /// - Parameters:
    ///   - limit: how many may wait; one more is refused with `.overloaded`.
    ///   - lateError: what those get whose deadline passes.
    init(limit: Int, lateError: RedisError) {
        self.limit = limit
        self.lateError = lateError
    }

    /// Waits until the waiter, which `enqueue` may keep, or the whole room is settled.
    ///
    /// - Parameter deadline: no earlier than that of any waiter before.
    func wait(until deadline: Instant, _ enqueue: (Waiter) -> Void = { _ in }) async throws(RedisError) {
        if waiters.count >= limit { waiters.removeAll { $0.isSettled } }
        guard waiters.count < limit else { throw RedisError(.overloaded, "\(limit) callers wait already") }
        let waiter = Waiter(deadline: deadline)
        try await withCheckedContinuation { continuation in
            waiter.continuation = continuation
            waiters.append(waiter)
            if !timer.isArmed { timer.arm(at: deadline) }
            enqueue(waiter)
        }.get()
    }

    func settleAll(_ result: Result<Void, RedisError>) {
        let all = waiters
        waiters = []
        timer.cancel()
        for waiter in all { waiter.settle(result) }
    }

    private func expire() {
        var rest = waiters[...]
        while let first = rest.first, first.isSettled || first.deadline <= Loop.now {
            rest.removeFirst()
            first.settle(.failure(lateError))
        }
        waiters = Array(rest)
        if let next = waiters.first { timer.arm(at: next.deadline) }
    }
}
