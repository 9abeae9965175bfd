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
@Loop
final class SequenceOrderIDs: OrderIDSource, Service {
    private var blocks = OrderIDBlocks()
    private let pool: PostgresPool
    private let log: Logger
    /// Set when another block is needed.
    private let demand = AsyncSignal()

    private static let nextBlock = PostgresStatement("SELECT nextval('order_id_blocks')")

    init(_ pool: PostgresPool, log: Logger) {
        self.pool = pool
        self.log = log
    }

    /// Ids that can be assigned without PostgreSQL.
    var remaining: Int64 { blocks.remaining }
    /// Whether a block was ever fetched.
    private(set) var hasBegun = false

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
            let first = try await pool.query(Self.nextBlock).one().int64(0)
            guard blocks.refilled(first: first) else {
                throw PostgresError(.decoding, "a block of ids that overlaps or leaves the range")
            }
            hasBegun = true
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
