internal import EventLoop

/// A caller that waits for a session.
@Loop
final class PoolWaiter {
    typealias Answer = Result<PostgresConnection, PostgresError>

    private var resumption: LoopContinuation<Answer>?
    private let deadline: Instant
    private let onDeadline: @Loop () -> Void
    private lazy var timer = Timer { [unowned self] in onDeadline() }

    init(
        until deadline: Instant, _ resumption: LoopContinuation<Answer>,
        onDeadline: @escaping @Loop () -> Void
    ) {
        self.deadline = deadline
        self.resumption = resumption
        self.onDeadline = onDeadline
        timer.arm(at: deadline)
    }

    var isWaiting: Bool { resumption != nil }
    var isLate: Bool { isWaiting && deadline <= Loop.now }

    func resume(_ answer: Answer) {
        timer.cancel()
        resumption?.resume(returning: answer)
        resumption = nil
    }
}
