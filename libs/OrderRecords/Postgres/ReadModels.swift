package import EventLoop
package import Postgres

/// Projects the event log into the read models `sales_by_product`, `orders_by_minute` and `failures_by_reason`.
///
/// The position is saved in the transaction that updates the read models, so that each event is applied exactly once.
/// The position's row is locked meanwhile, which serializes replicas.
///
/// Positions are assigned in one order and committed in another. A position is applied once every transaction that ran
/// when it was first seen has ended: nothing below it can appear any more, and no writer ever waits.
@Loop
package final class ReadModels {
    private let pool: PostgresPool
    private var horizon: Horizon?

    private struct Horizon {
        var position: Int
        /// Every transaction that may still commit a lower position is older than this one.
        var transaction: Int64
    }

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Applies at most `limit` further events.
    ///
    /// - Returns: nil while another replica applies events, or while a transaction may still add earlier ones.
    package func advance(limit: Int = 2_000) async throws(OrderRecordsError) -> ReadModelProgress? {
        guard let target = try await settledPosition() else { return nil }
        return try await transaction { connection in
            guard let row = try await connection.query(ReadModelStatements.lockPosition).first else {
                return nil
            }
            let progress = ReadModelProgress(position: Int(try row.int64(0)), target: target)
            return try await self.apply(progress, limit, on: connection)
        }
    }

    /// Rebuilds the read models in one transaction, from the log and what its dropped months contributed: readers see the old contents until it commits,
    /// and after a failure.
    package func rebuild(
        step: Int = 5_000, progress report: @Loop (ReadModelProgress) -> Void = { _ in }
    ) async throws(OrderRecordsError) -> ReadModelProgress {
        var settled: Int?
        let deadline = Loop.now + .seconds(10)
        while settled == nil {
            settled = try await settledPosition()
            guard settled == nil else { break }
            guard Loop.now < deadline, (try? await Loop.sleep(for: .milliseconds(50))) != nil else {
                throw OrderRecordsError(
                    .contended, "a transaction has been running for ten seconds; try again")
            }
        }
        let target = settled ?? 0
        return try await transaction { connection in
            try await connection.pipeline(within: .seconds(600)) { batch in
                batch.add(ReadModelStatements.lockForRebuild)
                for statement in ReadModelStatements.reset { batch.add(statement) }
            }
            var progress = ReadModelProgress(position: 0, target: target)
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
            for statement in ReadModelStatements.apply { batch.add(statement, progress.position, next) }
            batch.add(ReadModelStatements.savePosition, next)
        }
        return ReadModelProgress(position: next, target: progress.target)
    }

    /// The last position below which no event can appear any more; nil when it is not known yet.
    private func settledPosition() async throws(OrderRecordsError) -> Int? {
        do throws(PostgresError) {
            let row = try await pool.query(ReadModelStatements.horizon).one()
            let (position, next, oldest) = (Int(try row.int64(0)), try row.int64(1), try row.int64(2))
            guard let seen = horizon, oldest >= seen.transaction else {
                if horizon == nil { horizon = Horizon(position: position, transaction: next) }
                return oldest == next ? position : nil
            }
            horizon = Horizon(position: position, transaction: next)
            return oldest == next ? position : seen.position
        } catch {
            throw OrderRecordsError(error)
        }
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
