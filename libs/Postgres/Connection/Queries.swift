internal import EventLoop

extension PostgresConnection {
    /// Runs one statement: prepared at its first use on this session, with binary results.
    /// - Parameter limit: from now; the configuration's `queryTimeout` unless given.
    @discardableResult
    package func query(
        _ statement: PostgresStatement, _ parameters: PostgresParameters, within limit: Duration? = nil
    ) async throws(PostgresError) -> PostgresRows {
        var batch = PostgresBatch()
        batch.add(statement, parameters)
        return try await pipeline(batch, within: limit)[0]
    }

    /// `try await connection.query(findOrder, 42, "NEW")`
    @discardableResult
    package func query<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ value: repeat each Value, within limit: Duration? = nil
    ) async throws(PostgresError) -> PostgresRows {
        try await query(statement, PostgresParameters(repeat each value), within: limit)
    }

    /// Runs statements in one round trip, all or nothing: outside a transaction they form one, committed at
    /// the end or rolled back by the first that fails, whose error is thrown. Inside a transaction a failure
    /// leaves that one to be rolled back.
    /// - Returns: one result per statement.
    @discardableResult
    package func pipeline(
        _ batch: PostgresBatch, within limit: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRows] {
        for entry in batch.entries {
            if let number = entry.parameters.invalid {
                throw PostgresError(.invalidParameter, "parameter $\(number) holds a NUL character")
            }
            guard entry.parameters.count <= Int(UInt16.max) else {
                throw PostgresError(.invalidParameter, "a statement takes at most 65535 parameters")
            }
        }
        var attempts = 1
        while true {
            let isAlone = !isInTransaction && deferredBegin == nil
            do throws(PostgresError) { return try await perform(.batch(batch), within: limit) } catch {
                guard isAlone, attempts < Self.attempts, error.sqlState?.isOfPreparedStatement == true else {
                    throw error
                }
                attempts += 1
            }
        }
    }

    /// Of a request whose statements have to be prepared again: a pooler may lend another session each time.
    private static let attempts = 8

    /// ```swift
    /// let answers = try await connection.pipeline {
    ///     $0.add(insertOrders, ids, customers)
    ///     $0.add(insertItems, orderIDs, products)
    /// }
    /// ```
    @discardableResult
    package func pipeline(
        within limit: Duration? = nil, _ fill: (inout PostgresBatch) -> Void
    ) async throws(PostgresError) -> [PostgresRows] {
        var batch = PostgresBatch()
        fill(&batch)
        return try await pipeline(batch, within: limit)
    }

    /// Runs SQL of any number of statements without parameters and drops their rows: migrations, fixtures. It
    /// waits until the session has answered all other requests. Outside a transaction the statements form
    /// one.
    package func script(_ sql: String, within limit: Duration? = nil) async throws(PostgresError) {
        guard !sql.utf8.contains(0) else {
            throw PostgresError(.invalidParameter, "the script holds a NUL character")
        }
        if deferredBegin != nil { try await pipeline(PostgresBatch(), within: limit) }
        _ = try await perform(.script(sql), within: limit)
    }

    /// One empty round trip.
    package func ping(within limit: Duration = .seconds(2)) async throws(PostgresError) {
        _ = try await perform(.batch(PostgresBatch()), within: limit)
    }
}
