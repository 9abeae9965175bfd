package import EventLoop
package import Postgres

/// `order_view` and `sales_by_product`, read off the event log.
///
/// The position reached is written in the transaction that brings the views there, so an event counts once
/// however often a process dies; and its row is held meanwhile, so replicas take turns.
@Loop
package final class ReadModels {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Takes in the next events, at most `limit`.
    ///
    /// - Parameter waits: whether to wait for a moment without anybody recording orders, who then wait for us
    ///   in turn; otherwise there has to be one at once.
    /// - Returns: nil when it is not our turn.
    package func advance(
        limit: Int = 2_000, waits: Bool = true
    ) async throws(OrderRecordsError) -> ReadModelProgress? {
        try await transaction { connection in
            guard let row = try await connection.query(ReadModelStatements.take).first else { return nil }
            var progress = ReadModelProgress(
                position: Int(try row.int64(0)), target: Int(try row.int64(1)))
            if progress.isDone { return progress }
            guard let target = try await self.lastPosition(waits: waits) else { return nil }
            progress.target = target
            return try await self.apply(progress, limit, on: connection)
        }
    }

    /// Makes both views anew from the whole log, in one transaction: readers see the old ones until it is
    /// done, and keep them when it fails.
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

    /// How far the views are behind.
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
            batch.add(ReadModelStatements.note, next)
        }
        return ReadModelProgress(position: next, target: progress.target)
    }

    /// The position below which no event will appear any more. On a session of its own, as the lock goes with
    /// its transaction, and must go at once: whoever records orders waits for it.
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

/// Where the views are on their way through the log.
package struct ReadModelProgress: Sendable, Hashable {
    /// The last position that is in them; positions have gaps, so this counts more than there are events.
    package var position: Int
    /// The last position there is.
    package var target: Int

    package init(position: Int, target: Int) {
        self.position = position
        self.target = target
    }

    package var isDone: Bool { position >= target }
}
