internal import EventLoop

/// Work that is sent together, answered together, and has one deadline.
struct PipelineRequest {
    enum Work {
        case batch(PostgresBatch)
        /// Any number of statements by the simple protocol, with no other request on the session.
        case script(String)
    }

    let number: Int
    let work: Work
    let deadline: Instant
    let continuation: LoopContinuation<Result<[PostgresRows], PostgresError>>
    var queryState = QueryState([])
    private var scriptRows: [PostgresRows] = []
    private var scriptFailure: PostgresError?

    init(
        number: Int, work: Work, deadline: Instant,
        continuation: LoopContinuation<Result<[PostgresRows], PostgresError>>
    ) {
        self.number = number
        self.work = work
        self.deadline = deadline
        self.continuation = continuation
    }

    mutating func receive(_ event: QueryState.Event) -> QueryState.Effect {
        guard case .script = work else { return queryState.receive(event) }
        switch event {
        case .rows(let rows): scriptRows.append(rows)
        case .failed(let report): scriptFailure = PostgresError(report: report)
        case .skipped, .ended: break
        }
        return .none
    }

    var failure: PostgresError? { queryState.failure ?? scriptFailure }

    @Loop func finish() {
        if let failure { return continuation.resume(returning: .failure(failure)) }
        if case .script = work { return continuation.resume(returning: .success(scriptRows)) }
        continuation.resume(returning: .success(queryState.rows))
    }

    /// Resumes the caller; the request keeps its place among the answers.
    @Loop func expire() {
        continuation.abandon(
            returning: .failure(PostgresError(.timedOut, "no answer within the deadline")))
    }

    /// The session ended before the request did.
    @Loop func fail(_ error: PostgresError?) {
        guard let error else {
            return continuation.resume(returning: .failure(PostgresError(.closed, "the session was closed")))
        }
        // The server's last report on this request says more than the broken socket.
        let report = failure?.report ?? error.report
        continuation.resume(
            returning: .failure(PostgresError(.connectionLost, error.message, report: report)))
    }
}
