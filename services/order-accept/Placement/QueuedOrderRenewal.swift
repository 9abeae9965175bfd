import EventLoop
import Observability
import WorkflowState

/// Keeps the copies of queued orders in Redis in accord with PostgreSQL: those of orders that wait in a long queue are
/// renewed before they expire, and those of recorded orders removed. The latter are left behind when Redis does not
/// answer order-process, or gets a late write of order-accept.
@Loop
final class QueuedOrderRenewal: Service {
    private let state: any WorkflowStore
    private let queries: any OrderQueries
    private let interval: Duration
    private let log: Logger?
    /// Of ``reconcile()``.
    private var last: QueuedOrder?

    private static let pause = Duration.seconds(4)
    private static let step = 256

    /// - Parameter lifetime: of the copies.
    init(_ state: any WorkflowStore, _ queries: any OrderQueries, lifetime: Duration, log: Logger? = nil) {
        self.state = state
        self.queries = queries
        interval = lifetime / 8
        self.log = log
    }

    /// Works at random intervals, so that replicas take turns.
    func run() async throws {
        var renewed = Loop.now
        while true {
            try await Loop.sleep(for: Self.pause / 2 + Self.pause.jittered)
            await reconcile()
            guard renewed.duration(to: Loop.now) >= interval + interval.jittered else { continue }
            renewed = Loop.now
            await renew()
        }
    }

    func renew() async {
        var last: QueuedOrder?
        repeat {
            last = try? await state.renewQueued(after: last, limit: Self.step)
        } while last != nil
    }

    /// Compares the next queued orders with PostgreSQL. Nothing changes while one of the servers does not answer.
    func reconcile() async {
        do {
            let queued = try await state.queued(after: last, limit: Self.step)
            last = queued.count < Self.step ? nil : queued.last
            if queued.isEmpty { return }
            let recorded = try await queries.outcomes(of: queued.map(\.correlationID))
            let steps = queued.compactMap { order in
                recorded[order.correlationID].map { outcome in
                    WorkflowStep(
                        outcome.status, correlationID: order.correlationID, orderID: outcome.orderID,
                        owner: order.owner, recorded: order.orderID)
                }
            }
            _ = try await state.advance(steps)
        } catch {
            log?.debug("order.copies_not_compared", ["error": "\(error)"])
        }
    }
}
