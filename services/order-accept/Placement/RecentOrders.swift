import EventLoop
import Orders
import WorkflowState

/// What this replica accepted through the broker and has not seen recorded, so that an order whose copies Redis loses is
/// still found, and its copies are written again (``QueuedOrderRenewal/restore()``). The oldest are dropped at a limit.
@Loop
final class RecentOrders {
    private var acceptances: [OrderID: Acceptance] = [:]
    private var ids: [CorrelationID: OrderID] = [:]
    /// In the order of their next comparison with Redis; removed ones stay until then.
    private var queue = Deque<(id: OrderID, due: Instant)>()
    private var bytes = 0

    /// Between comparisons of an order. Almost all are recorded before the first one.
    private let pause: Duration
    /// Of contents, in bytes.
    private let limit: Int

    init(limit: Int = 16 << 20, pause: Duration = .seconds(1)) {
        self.limit = limit
        self.pause = pause
    }

    func add(_ acceptance: Acceptance) {
        guard acceptances.updateValue(acceptance, forKey: acceptance.orderID) == nil else { return }
        ids[acceptance.correlationID] = acceptance.orderID
        bytes += Self.size(of: acceptance)
        enqueue(acceptance.orderID)
        while bytes > limit, let oldest = queue.popFirst() { remove(oldest.id) }
    }

    func remove(_ id: OrderID) {
        guard let acceptance = acceptances.removeValue(forKey: id) else { return }
        ids[acceptance.correlationID] = nil
        bytes -= Self.size(of: acceptance)
    }

    func acceptance(_ id: OrderID) -> Acceptance? { acceptances[id] }

    func acceptance(_ id: CorrelationID) -> Acceptance? { ids[id].flatMap { acceptances[$0] } }

    func acceptances(of user: UserID) -> [Acceptance] { acceptances.values.filter { $0.owner == user } }

    /// The orders that are due to be compared with Redis, which makes them due again after a pause.
    func takeDue(limit: Int) -> [Acceptance] {
        var due: [Acceptance] = []
        let now = Loop.now
        for _ in 0..<queue.count where due.count < limit {
            guard let next = queue.first, next.due <= now else { break }
            queue.popFirst()
            guard let acceptance = acceptances[next.id] else { continue }
            due.append(acceptance)
            enqueue(next.id)
        }
        return due
    }

    private func enqueue(_ id: OrderID) { queue.append((id, Loop.now + pause)) }

    /// With an allowance for the rest of an entry.
    private static func size(of acceptance: Acceptance) -> Int { acceptance.pending.count + 256 }
}
