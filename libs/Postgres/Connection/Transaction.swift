extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws. BEGIN is sent
    /// with the first statement. The session must not be used by others meanwhile.
    /// - Throws: ``PostgresError``, or what `body` threw.
    @discardableResult
    package func transaction<Value>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        guard !isInTransaction, deferredBegin == nil else {
            throw PostgresError(.invalidParameter, "transactions do not nest")
        }
        do {
            deferredBegin = Self.beginStatement
            let value = try await body(self)
            try await commit()
            return value
        } catch {
            await rollBack()
            throw error
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
        // Nobody waits for an answer that is late.
        if pendingRequests > 0 { return abandon() }
        do {
            try await query(Self.rollbackStatement)
        } catch {
            // No later caller may get a session in that state.
            close()
        }
    }

    private static let beginStatement = PostgresStatement("BEGIN", reused: false)
    private static let commitStatement = PostgresStatement("COMMIT", reused: false)
    private static let rollbackStatement = PostgresStatement("ROLLBACK", reused: false)
}
