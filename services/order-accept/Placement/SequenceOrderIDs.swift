import EventLoop
import Observability
import Orders
import Postgres

/// A source of order ids that never waits.
@Loop
protocol OrderIDSource: AnyObject {
    /// Nil when no id is available.
    func next() -> OrderID?
}

/// ``OrderIDSource`` from blocks reserved by the sequence `order_id_blocks` (hi/lo), fetched ahead of need.
///
/// After a restore, or a failover to a standby that lags, the sequence may be behind the ids that orders have. PostgreSQL
/// moves it then, before it returns a block (`reserve_order_ids`).
@Loop
final class SequenceOrderIDs: OrderIDSource, Service {
    private var blocks = OrderIDBlocks()
    private let pool: PostgresPool
    private let log: Logger
    /// Set when another block is needed.
    private let demand = AsyncSignal()

    private static let nextBlock = PostgresStatement(
        "SELECT first_id, size, was_behind FROM reserve_order_ids()")

    init(_ pool: PostgresPool, log: Logger) {
        self.pool = pool
        self.log = log
    }

    /// Ids that can be assigned without PostgreSQL.
    var remaining: Int64 { blocks.remaining }
    /// Set when the first block is fetched.
    let begun = AsyncSignal()

    func next() -> OrderID? {
        let id = blocks.allocate()
        if blocks.needsRefill { demand.set() }
        return id
    }

    /// Fetches blocks as they are needed, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            demand.reset()
            guard blocks.needsRefill else {
                await demand.wait()
                continue
            }
            await Loop.retry(Backoff(base: .milliseconds(20), cap: .seconds(1))) { failures in
                await refill(failures)
            }
        }
    }

    private func refill(_ failures: Int) async -> Bool {
        guard blocks.beginRefill() else { return true }
        do {
            let row = try await pool.query(Self.nextBlock).one()
            let (first, size) = (try row.int64(0), try row.int64(1))
            if try row.bool(2) { log.warning("order_ids.sequence_moved", ["next": first]) }
            guard blocks.refilled(first: first, size: size) else {
                log.error("order_ids.block_rejected", ["first": first, "size": size])
                return false
            }
            begun.set()
            return true
        } catch {
            blocks.refillFailed()
            log.log(
                failures == 0 ? .warning : .debug, "order_ids.refill_failed",
                ["error": "\(error)", "remaining": remaining])
            return false
        }
    }
}
