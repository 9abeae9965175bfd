package import EventLoop
package import Postgres

/// Projects the event log into the read models `order_view` and `sales_by_product`.
///
/// The position is saved in the transaction that updates the read models, so that each event is applied exactly once.
/// The position's row is locked meanwhile, which serializes replicas.
@Loop
package final class ReadModels {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Applies at most `limit` further events.
    ///
    /// - Parameter waits: whether to wait for the lock against transactions that record orders, which then queue behind
    ///   it; otherwise the lock must be free.
    /// - Returns: nil when a lock is not available.
    package func advance(
        limit: Int = 2_000, waits: Bool = true
    ) async throws(OrderRecordsError) -> ReadModelProgress? {
        try await transaction { connection in
            guard let row = try await connection.query(ReadModelStatements.lockPosition).first else {
                return nil
            }
            var progress = ReadModelProgress(
                position: Int(try row.int64(0)), target: Int(try row.int64(1)))
            if progress.isDone { return progress }
            guard let target = try await self.lastPosition(waits: waits) else { return nil }
            progress.target = target
            return try await self.apply(progress, limit, on: connection)
        }
    }

    /// Rebuilds both read models from the whole log in one transaction: readers see the old contents until it commits,
    /// and after a failure.
    package func rebuild(
        step: Int = 5_000, progress report: @Loop (ReadModelProgress) -> Void = { _ in }
    ) async throws(OrderRecordsError) -> ReadModelProgress {
        try await transaction { connection in
            try await connection.pipeline(within: .seconds(600)) { batch in
                batch.add(ReadModelStatements.lockForRebuild)
                batch.add(ReadModelStatements.clearOrders)
                batch.add(ReadModelStatements.clearSales)
            }
            var progress = ReadModelProgress(
                position: 0, target: try await self.lastPosition(waits: true) ?? 0)
            report(progress)
            while !progress.isDone {
                progress = try await self.apply(progress, step, on: connection)
                report(progress)
            }
            return progress
        }
    }

    /// The position of the read models and the log's last position.
    package func progress() async throws(OrderRecordsError) -> ReadModelProgress {
        do throws(PostgresError) {
            let row = try await pool.query(ReadModelStatements.progress).one()
            return ReadModelProgress(position: Int(try row.int64(0)), target: Int(try row.int64(1)))
        } catch {
            throw OrderRecordsError(error)
        }
    }

    private func apply(
        _ progress: ReadModelProgress, _ limit: Int, on connection: PostgresConnection
    ) async throws(PostgresError) -> ReadModelProgress {
        guard !progress.isDone else { return progress }
        let next = min(progress.target, progress.position + limit)
        try await connection.pipeline(within: .seconds(60)) { batch in
            batch.add(ReadModelStatements.addOrders, progress.position, next)
            batch.add(ReadModelStatements.addSales, progress.position, next)
            batch.add(ReadModelStatements.savePosition, next)
        }
        return ReadModelProgress(position: next, target: progress.target)
    }

    /// The position up to which no further event can appear. Runs in a transaction of its own, because the lock lasts
    /// until the transaction ends and blocks recording orders.
    private func lastPosition(waits: Bool) async throws(PostgresError) -> Int? {
        let rows = try await pool.pipeline { batch in
            batch.add(ReadModelStatements.lockTimeout)
            batch.add(waits ? ReadModelStatements.lockAppends : ReadModelStatements.tryLockAppends)
            batch.add(ReadModelStatements.lastPosition)
        }
        guard try rows[1].one().bool(0) else { return nil }
        return Int(try rows[2].one().int64(0))
    }

    private func transaction<Value>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws(OrderRecordsError) -> Value {
        do {
            return try await pool.transaction { connection in try await body(connection) }
        } catch {
            throw (error as? PostgresError).map { OrderRecordsError($0) }
                ?? OrderRecordsError(.unavailable, "the read models were interrupted")
        }
    }
}

/// The read models' progress through the log.
package struct ReadModelProgress: Sendable, Hashable {
    /// The last applied position; positions have gaps.
    package var position: Int
    /// The log's last position.
    package var target: Int

    package init(position: Int, target: Int) {
        self.position = position
        self.target = target
    }

    package var isDone: Bool { position >= target }
}
