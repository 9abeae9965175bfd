internal import EventLoop

/// A caller that waits for a session.
@Loop
final class Waiter {
    typealias Answer = Result<Connection, PostgresError>

    private var continuation: CheckedContinuation<Answer, Never>?
    private let deadline: Instant
    private let onDeadline: @Loop () -> Void
    private lazy var timer = Timer { [unowned self] in onDeadline() }

    init(
        until deadline: Instant, _ continuation: CheckedContinuation<Answer, Never>,
        onDeadline: @escaping @Loop () -> Void
    ) {
        self.deadline = deadline
        self.continuation = continuation
        self.onDeadline = onDeadline
        timer.arm(at: deadline)
    }

    var isWaiting: Bool { continuation != nil }
    var isLate: Bool { isWaiting && deadline <= Loop.now }

    func resume(_ answer: Answer) {
        timer.cancel()
        continuation?.resume(returning: answer)
        continuation = nil
    }
}
