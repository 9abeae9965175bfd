import EventLoop
import Observability
import Orders
import Postgres

/// ``OrderIDSource`` from blocks that the sequence `order_id_blocks` reserves, asked for ahead of need.
@Loop
final class SequenceOrderIDs: OrderIDSource {
    private var blocks = OrderIDBlocks()
    private let pool: PostgresPool
    private let log: Logger
    private var demandContinuation: LoopContinuation<Void>?

    private static let nextBlock = PostgresStatement("SELECT nextval('order_id_blocks')")

    init(_ pool: PostgresPool, log: Logger) {
        self.pool = pool
        self.log = log
    }

    /// Ids that can be handed out without asking PostgreSQL.
    var remaining: Int64 { blocks.remaining }
    /// Whether a block was ever there.
    private(set) var hasBegun = false

    func next() -> OrderID? {
        let id = blocks.allocate()
        if blocks.needsRefill { signalDemand() }
        return id
    }

    /// Fetches blocks when they are wanted, until the task is cancelled.
    func run() async {
        var backoff = Backoff(base: .milliseconds(20), cap: .seconds(1))
        while !Task.isCancelled {
            guard blocks.beginRefill() else {
                await waitForDemand()
                continue
            }
            do {
                let first = try await pool.query(Self.nextBlock).one().int64(0)
                guard blocks.refilled(first: first) else {
                    throw PostgresError(.decoding, "a block of ids that overlaps or leaves the range")
                }
                hasBegun = true
                backoff.reset()
            } catch {
                blocks.refillFailed()
                log.log(
                    backoff.failures == 0 ? .warning : .debug, "order_ids.refill_failed",
                    ["error": "\(error)", "remaining": remaining])
                do { try await Loop.sleep(for: backoff.next()) } catch { return }
            }
        }
    }

    private func waitForDemand() async {
        await withTaskCancellationHandler {
            await Loop.suspend { resumption in
                if Task.isCancelled || blocks.needsRefill { return resumption.resume() }
                demandContinuation = resumption
            }
        } onCancel: {
            Task { @Loop in signalDemand() }
        }
    }

    private func signalDemand() {
        demandContinuation.take()?.resume()
    }
}
