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
/// After a restore, or a failover to a standby that lags, the sequence may return ids that orders already have. Such a
/// block is dropped. order-process moves the sequence when it starts.
@Loop
final class SequenceOrderIDs: OrderIDSource, Service {
    private var blocks = OrderIDBlocks()
    private let pool: PostgresPool
    private let log: Logger
    /// Set when another block is needed.
    private let demand = AsyncSignal()

    private static let nextBlock = PostgresStatement(
        "SELECT nextval('order_id_blocks'), coalesce((SELECT max(id) FROM orders), 0)")

    init(_ pool: PostgresPool, log: Logger) {
        self.pool = pool
        self.log = log
    }

    /// Ids that can be assigned without PostgreSQL.
    var remaining: Int64 { blocks.remaining }
    /// Whether a block was ever fetched.
    private(set) var hasBegun = false
    /// Whether the last block was dropped, because the sequence is behind the ids that orders have.
    private(set) var isBehind = false

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
            let (first, newest) = (try row.int64(0), try row.int64(1))
            let wasBehind = isBehind
            isBehind = !blocks.refilled(first: first, newest: newest)
            if isBehind, !wasBehind {
                log.error("order_ids.behind", ["first": first, "newest": newest, "remaining": remaining])
            }
            if !isBehind { hasBegun = true }
            return !isBehind
        } catch {
            blocks.refillFailed()
            log.log(
                failures == 0 ? .warning : .debug, "order_ids.refill_failed",
                ["error": "\(error)", "remaining": remaining])
            return false
        }
    }
}
