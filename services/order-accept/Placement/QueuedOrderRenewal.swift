import EventLoop
import Observability
import Orders
import WorkflowState

/// Keeps the copies of queued orders in Redis in accord with PostgreSQL: those that Redis has lost are written again,
/// those of orders that wait in a long queue renewed before they expire, and those of recorded orders removed. The last
/// are left behind when Redis does not answer order-process, or gets a late write of order-accept.
@Loop
final class QueuedOrderRenewal: Service {
    private let state: any WorkflowStore
    private let queries: any OrderQueries
    private let recent: RecentOrders
    private let interval: Duration
    private let log: Logger?
    /// Of ``reconcile()``.
    private var last: QueuedOrder?
    private var hasAdopted = false

    private static let pause = Duration.seconds(1)
    /// Passes of ``restore()`` to one of ``reconcile()``.
    private static let passes = 4
    private static let step = 256
    private static let adoptedPages = 64
    /// Orders in one pass that may be repetitions.
    private static let examined = 32
    private static let lookupTime = Duration.seconds(1)
    /// In milliseconds.
    private static let repetitionTime: Int64 = 600_000

    /// - Parameter lifetime: of the copies.
    init(
        _ state: any WorkflowStore, _ queries: any OrderQueries, recent: RecentOrders, lifetime: Duration,
        log: Logger? = nil
    ) {
        self.recent = recent
        self.state = state
        self.queries = queries
        interval = lifetime / 8
        self.log = log
    }

    func start() async { await adopt() }

    /// Works at random intervals, so that replicas take turns.
    func run() async throws {
        var renewed = Loop.now
        while true {
            for _ in 0..<Self.passes {
                try await Loop.sleep(for: Self.pause / 2 + Self.pause.jittered)
                if !hasAdopted { await adopt() }
                await restore()
            }
            await reconcile()
            guard renewed.duration(to: Loop.now) >= interval + interval.jittered else { continue }
            renewed = Loop.now
            await renew()
        }
    }

    /// Remembers what was queued when this replica started: it may have accepted some of it before.
    func adopt() async {
        var last: QueuedOrder?
        do {
            for _ in 0..<Self.adoptedPages {
                let queued = try await state.queued(after: last, limit: Self.step)
                for order in queued {
                    guard let contents = try await state.pending(order.orderID, of: order.owner) else {
                        continue
                    }
                    recent.add(
                        Acceptance(
                            correlationID: order.correlationID, owner: order.owner, orderID: order.orderID,
                            pending: contents))
                }
                last = queued.last
                if queued.count < Self.step { break }
            }
            hasAdopted = true
        } catch {
            log?.debug("order.copies_not_adopted", ["error": "\(error)"])
        }
    }

    /// Writes the copies of this replica's orders again that Redis has lost. Nothing changes while one of the servers does
    /// not answer.
    func restore() async {
        do {
            // The index is not empty while orders wait: Redis has lost it, and probably more.
            if recent.generations > 0, try await state.queued(after: nil, limit: 1).isEmpty {
                recent.makeAllDue()
            }
            for _ in 0...recent.generations {
                guard let generation = recent.nextDue() else { break }
                let recorded = try await queries.recorded(generation.ids)
                var waiting: Set<OrderID> = []
                let rest = generation.acceptances(without: recorded)
                for start in stride(from: 0, to: rest.count, by: Self.step) {
                    waiting.formUnion(
                        try await restore(Array(rest[start..<min(start + Self.step, rest.count)])))
                }
                recent.compared(generation, waiting: waiting)
            }
        } catch {
            log?.debug("order.copies_not_restored", ["error": "\(error)"])
        }
    }

    /// - Returns: the orders that wait to be recorded.
    private func restore(_ orders: [Acceptance]) async throws -> [OrderID] {
        let copies = try await state.copies(of: orders.map(\.queued))
        let lost = zip(orders, copies).filter { $1 == .incomplete }.map(\.0)
        var settled = Set(zip(orders, copies).filter { $1 == .settled }.map(\.0.orderID))
        if !lost.isEmpty {
            // Also those that became another order.
            let recorded = try await queries.outcomes(of: lost.map(\.correlationID))
            settled.formUnion(lost.filter { recorded[$0.correlationID] != nil }.map(\.orderID))
            let restored = lost.filter { recorded[$0.correlationID] == nil }
            for order in restored { try await state.accept(order) }
            if !restored.isEmpty { log?.warning("order.copies_restored", ["orders": restored.count]) }
        }
        return orders.map(\.orderID).filter { !settled.contains($0) }
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
                        outcome.status, correlationID: order.correlationID, orderID: order.orderID,
                        owner: order.owner, isRecorded: true)
                }
            }
            _ = try await state.advance(steps)
            try await forgetRepetitions(queued.filter { recorded[$0.correlationID] == nil })
        } catch {
            log?.debug("order.copies_not_compared", ["error": "\(error)"])
        }
    }

    /// Of two attempts of one request one has become the order, and the other, which nobody may have taken, has left its
    /// copies: they would be renewed for ever. Should the broker have it, it is recorded as a repetition all the same, which
    /// is waited for: its client may have been told its ids.
    private func forgetRepetitions(_ unrecorded: [QueuedOrder]) async throws {
        for queued in unrecorded.prefix(Self.examined) {
            guard let contents = try await state.pending(queued.orderID, of: queued.owner),
                let waiting = StoredOrder(pending: contents, of: queued.owner),
                waiting.order.createdAt.milliseconds < WallClock.milliseconds() - Self.repetitionTime,
                let key = waiting.idempotencyKey,
                let order = try await queries.order(
                    placedWith: IdempotencyKey(user: queued.owner, key: key), within: Self.lookupTime),
                order.id != queued.orderID, order.lines == waiting.order.lines
            else { continue }
            try await state.forget(queued, isCancelled: false)
            recent.remove(queued.orderID)
            log?.info("order.repetition_forgotten", cid: queued.correlationID.description)
        }
    }
}
