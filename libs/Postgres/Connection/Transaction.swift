internal import EventLoop

/// What concurrent transactions may see of each other (PostgreSQL manual, "Transaction Isolation").
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws. BEGIN travels with
    /// the first statement.
    ///
    /// With a `retry`, `body` runs again when the transaction lost against another one (SQLSTATE 40001, 40P01),
    /// so it must have no effect but on this session. The session must not be used by others meanwhile.
    /// - Throws: ``PostgresError``, or what `body` threw.
    @discardableResult
    package func transaction<Value>(
        isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false,
        retry: PostgresRetryPolicy = .never,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        guard !isInTransaction, deferredBegin == nil else {
            throw PostgresError(.invalidParameter, "transactions do not nest")
        }
        let begin = PostgresStatement(
            "BEGIN ISOLATION LEVEL \(isolation.rawValue)\(readOnly ? " READ ONLY" : "")", reused: false)
        let start = Loop.now
        var retry = retry
        while true {
            do {
                deferredBegin = begin
                let value = try await body(self)
                try await commit()
                return value
            } catch {
                await rollBack()
                guard let conflict = error as? PostgresError, conflict.isSerializationConflict, isOpen,
                    let delay = retry.next(elapsed: start.duration(to: Loop.now))
                else { throw error }
                try await Loop.sleep(for: delay)
            }
        }
    }

    private func commit() async throws(PostgresError) {
        if deferredBegin != nil {
            // Nothing was asked of the server.
            deferredBegin = nil
            return
        }
        // COMMIT of a failed transaction is answered with ROLLBACK, and no error.
        guard isInGoodTransaction else {
            throw PostgresError(.server, "the transaction had failed or ended before it was committed")
        }
        try await query(Self.commitStatement)
    }

    private func rollBack() async {
        deferredBegin = nil
        guard isOpen, isInTransaction else { return }
        do {
            try await query(Self.rollbackStatement)
        } catch {
            // Nobody may meet a session in that state.
            close()
        }
    }

    private static let commitStatement = PostgresStatement("COMMIT", reused: false)
    private static let rollbackStatement = PostgresStatement("ROLLBACK", reused: false)
}
