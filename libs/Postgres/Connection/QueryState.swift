/// One request's state from its first statement to its synchronization point: the steps in order, and their
/// results. The server skips everything between a failure and that point.
struct QueryState {
    enum Step: Equatable {
        case prepare(StatementCache.Key)
        case execute(StatementCache.Key)
        /// Part of the request without a result for the caller (a deferred BEGIN).
        case executeSilently
    }

    enum Event {
        case rows(PostgresRows)
        case failed(PostgresDiagnostics)
        /// Skipped, since an earlier statement failed.
        case skipped
        /// No more results for the statement.
        case ended
    }

    /// What the session must do.
    enum Effect: Equatable {
        case none
        case settled(StatementCache.Key, isPrepared: Bool)
        case forget(StatementCache.Key)
        case replace(StatementCache.Key)
    }

    private let steps: [Step]
    private var position = 0
    private(set) var rows: [PostgresRows] = []
    private(set) var failure: PostgresError?

    init(_ steps: [Step]) {
        self.steps = steps
        rows.reserveCapacity(steps.count)
    }

    mutating func receive(_ event: Event) -> Effect {
        guard position < steps.count else {
            // COMMIT can fail at the synchronization point: deferred constraints are checked there.
            if case .failed(let report) = event { fail(report) }
            return .none
        }
        let step = steps[position]
        switch event {
        case .ended:
            position += 1
            return .none
        case .rows(let answer):
            switch step {
            case .prepare(let key): return .settled(key, isPrepared: true)
            case .execute: rows.append(answer)
            case .executeSilently: break
            }
            return .none
        case .failed(let report):
            fail(report)
            switch step {
            // Another client of a pooler has prepared it on this server's session.
            case .prepare(let key): return .settled(key, isPrepared: report.sqlState == .duplicateStatement)
            case .execute(let key):
                switch report.sqlState {
                case .invalidStatementName: return .forget(key)
                // "cached plan must not change result type"
                case .featureNotSupported: return .replace(key)
                default: return .none
                }
            case .executeSilently: return .none
            }
        case .skipped:
            if case .prepare(let key) = step { return .settled(key, isPrepared: false) }
            return .none
        }
    }

    private mutating func fail(_ report: PostgresDiagnostics) {
        guard failure == nil else { return }
        let asked = steps[..<min(position + 1, steps.count)].filter {
            if case .execute = $0 { true } else { false }
        }
        let number = min(asked.count + 1, rows.count + 1)
        failure = PostgresError(
            .server, "the server refused statement \(number) of the request", report: report)
    }
}
