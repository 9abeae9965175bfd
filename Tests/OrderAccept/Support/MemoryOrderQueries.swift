import Bytes
import EventLoop
import OrderRecords
import Orders
import WorkflowState

@testable import OrderAccept

/// ``OrderQueries`` in memory.
@Loop
final class MemoryOrderQueries: OrderQueries {
    var fault: OrderQueryError?
    /// Of cancellations alone.
    var cancelFault: OrderQueryError?
    /// Done once, before the question whether an order is recorded is answered.
    var meanwhile: (@Loop () -> Void)?
    /// Recorded orders with their idempotency keys.
    private(set) var recorded: [(order: Order, key: String?)] = []
    private var taken: [StoredOrder] = []
    private(set) var deleted: Set<OrderID> = []
    private(set) var published: [EventKey] = []

    /// Records orders; one that is recorded already stays as it is.
    func insert(_ orders: [Order], key: String? = nil) {
        for order in orders where !recorded.contains(where: { $0.order.id == order.id }) {
            recorded.append((order, key))
        }
    }

    func take(_ order: Order, key: String? = nil) {
        taken.append(StoredOrder(order: order, isRecorded: false, idempotencyKey: key))
    }

    private func visible(to user: UserID) throws(OrderQueryError) -> [Order] {
        if let fault { throw fault }
        return recorded.map(\.order).filter { $0.customer == user && !deleted.contains($0.id) }
    }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> StoredOrder? {
        if let order = try visible(to: user).first(where: { $0.id == id }) {
            return StoredOrder(
                order: order, history: [StatusChange(status: order.status, at: order.createdAt)],
                isRecorded: true)
        }
        return taken.first {
            $0.order.id == id && $0.order.customer == user && !isRecorded($0.order.id)
        }
    }

    private func happen() {
        meanwhile?()
        meanwhile = nil
    }

    private func isRecorded(_ id: OrderID) -> Bool { recorded.contains { $0.order.id == id } }

    func outcomes(
        of ids: [CorrelationID]
    ) async throws(OrderQueryError) -> [CorrelationID: RecordedOutcome] {
        if let fault { throw fault }
        happen()
        let found = recorded.map(\.order).filter { ids.contains($0.correlationID) }
        return Dictionary(
            uniqueKeysWithValues: found.map {
                ($0.correlationID, RecordedOutcome(orderID: $0.id, status: $0.status))
            })
    }

    func recorded(_ ids: [OrderID]) async throws(OrderQueryError) -> Set<OrderID> {
        if let fault { throw fault }
        happen()
        return Set(recorded.map(\.order.id).filter(ids.contains))
    }

    func order(
        placedWith key: IdempotencyKey, within limit: Duration
    ) async throws(OrderQueryError) -> Order? {
        if let fault { throw fault }
        return recorded.first { $0.key == key.key && $0.order.customer == key.user }?.order
            ?? taken.first { $0.idempotencyKey == key.key && $0.order.customer == key.user }?.order
    }

    func page(
        of user: UserID, _ range: PageRange, pending: [StoredOrder]
    ) async throws(OrderQueryError) -> OrderPage {
        let all = try visible(to: user).sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
        var waiting = pending
        for order in taken where order.order.customer == user { waiting.add(taken: order) }
        let pending = waiting.filter { one in
            !isRecorded(one.order.id)
                && !recorded.contains { other in
                    other.order.customer == user && other.order.total == one.order.total
                        && one.idempotencyKey.map { other.key?.hasSameBytes(as: $0) == true } == true
                }
        }.map(\.order)
        let rows: ArraySlice<Order>
        switch range.start {
        case .offset: rows = all.dropFirst(range.firstRecorded(pending: pending.count))
        case .after(let cursor): rows = all.filter { cursor.precedes($0) }[...]
        }
        return range.merge(
            Array(rows.prefix(range.recordedLimit(pending: pending.count))), pending: pending,
            total: all.count + pending.count)
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        let order =
            try visible(to: user).first { $0.correlationID == id }
            ?? taken.map(\.order).first {
                $0.correlationID == id && $0.customer == user && !isRecorded($0.id)
            }
        return order.map {
            StatusReport(correlationID: id, orderID: $0.id, status: $0.status, updatedAt: $0.createdAt)
        }
    }

    func cancel(
        _ cancellation: OrderCancellation, isDeletion: Bool
    ) async throws(OrderQueryError) -> OrderStatus? {
        if let cancelFault { throw cancelFault }
        if let fault { throw fault }
        var order = cancellation.order
        if isDeletion { deleted.insert(order.id) }
        if let recorded = recorded.first(where: { $0.order.id == order.id }) { return recorded.order.status }
        order.status = .cancelled
        recorded.append((order, cancellation.idempotencyKey))
        return nil
    }

    func markPublished(_ event: EventKey) async throws(OrderQueryError) {
        if let fault { throw fault }
        published.append(event)
    }

    func delete(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> CorrelationID? {
        guard let order = try visible(to: user).first(where: { $0.id == id }) else { return nil }
        deleted.insert(id)
        return order.correlationID
    }
}
