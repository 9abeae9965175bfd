extension PostgresPool {
    /// Runs one statement on a session of the pool.
    @discardableResult
    package func query<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ value: repeat each Value, within limit: Duration? = nil
    ) async throws(PostgresError) -> PostgresRows {
        let parameters = PostgresParameters(repeat each value)
        do throws(PostgresError) {
            return try await query(statement, parameters, within: limit)
        } catch {
            // The server has restarted, or an operator has ended the session.
            guard statement.isRead, error.isOfLostSession else { throw error }
            return try await query(statement, parameters, within: limit)
        }
    }

    private func query(
        _ statement: PostgresStatement, _ parameters: PostgresParameters, within limit: Duration?
    ) async throws(PostgresError) -> PostgresRows {
        let connection = try await acquire(wait: limits.wait)
        defer { release(connection) }
        return try await connection.query(statement, parameters, within: limit)
    }

    /// Runs a batch in one round trip, all or nothing; see ``PostgresConnection/pipeline(_:within:)``.
    @discardableResult
    package func pipeline(
        wait: Duration? = nil, within limit: Duration? = nil, _ fill: (inout PostgresBatch) -> Void
    ) async throws(PostgresError) -> [PostgresRows] {
        var batch = PostgresBatch()
        fill(&batch)
        let connection = try await acquire(wait: wait ?? limits.wait)
        defer { release(connection) }
        return try await connection.pipeline(batch, within: limit)
    }

    /// See ``PostgresConnection/transaction(_:)``.
    @discardableResult
    package func transaction<Value>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withConnection { connection in try await connection.transaction(body) }
    }
}
