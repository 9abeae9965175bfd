internal import EventLoop

/// Visibility between concurrent transactions (PostgreSQL manual, "Transaction Isolation").
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws. BEGIN is sent
    /// with the first statement.
    ///
    /// With a `retry`, `body` runs again after a serialization conflict (SQLSTATE 40001, 40P01), so it must
    /// have no effect outside this session. The session must not be used by others meanwhile.
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
            // Nothing was sent to the server.
            deferredBegin = nil
            return
        }
        // The server answers COMMIT of a failed transaction with ROLLBACK and no error.
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
            // No later caller may get a session in that state.
            close()
        }
    }

    private static let commitStatement = PostgresStatement("COMMIT", reused: false)
    private static let rollbackStatement = PostgresStatement("ROLLBACK", reused: false)
}
