import Bytes
import EventLoop
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

@testable import OrderAccept

/// What the services ask, which changes nothing.
extension SimulatedTables {
    // MARK: order-accept

    func order(_ id: OrderID, of user: UserID) -> StoredOrder? {
        if let index = index(id), orders[index].order.customer == user {
            let row = orders[index]
            return row.isDeleted ? nil : StoredOrder(order: row.order, isRecorded: true)
        }
        guard
            let taken = intake.first(where: { $0.order.orderID == id && $0.order.customer == user }),
            let order = waiting(taken)
        else { return nil }
        return StoredOrder(order: order, isRecorded: false, idempotencyKey: taken.order.idempotencyKey)
    }

    func order(placedWith key: IdempotencyKey) -> Order? {
        if let index = index(key.key, of: key.user) { return orders[index].order }
        return intake.first {
            $0.order.customer == key.user && $0.order.idempotencyKey?.hasSameBytes(as: key.key) == true
        }.flatMap { Order($0.contents) }
    }

    func outcomes(of ids: [CorrelationID]) -> [CorrelationID: RecordedOutcome] {
        var outcomes: [CorrelationID: RecordedOutcome] = [:]
        for id in ids {
            guard let index = index(id) else { continue }
            let alias = aliases.first { $0.correlationID == id }?.orderID
            outcomes[id] = RecordedOutcome(
                orderID: alias ?? orders[index].order.id, status: orders[index].order.status)
        }
        return outcomes
    }

    func recorded(_ ids: [OrderID]) -> Set<OrderID> {
        Set(ids.filter { id in orders.contains { $0.order.id == id } })
    }

    func page(of user: UserID, _ range: PageRange, pending: [StoredOrder]) -> OrderPage {
        let all = orders.filter { $0.order.customer == user && !$0.isDeleted }.map(\.order)
            .sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
        var stored = pending
        for taken in intake where taken.order.customer == user {
            guard let order = self.waiting(taken) else { continue }
            stored.add(
                taken: StoredOrder(
                    order: order, isRecorded: false, idempotencyKey: taken.order.idempotencyKey))
        }
        let waiting = stored.filter { one in
            guard index(one.order.id) == nil else { return false }
            guard let key = one.idempotencyKey, let other = index(key, of: user) else { return true }
            return orders[other].order.total != one.order.total
        }.map(\.order)
        let rows: ArraySlice<Order>
        switch range.start {
        case .offset: rows = all.dropFirst(range.firstRecorded(pending: waiting.count))
        case .after(let cursor): rows = all.filter { cursor.precedes($0) }[...]
        }
        return range.merge(
            Array(rows.prefix(range.recordedLimit(pending: waiting.count))), pending: waiting,
            total: all.count + waiting.count)
    }

    func status(_ id: CorrelationID, of user: UserID) -> StatusReport? {
        if let index = index(id), orders[index].order.customer == user {
            let row = orders[index]
            guard !row.isDeleted else { return nil }
            return StatusReport(
                correlationID: id, orderID: aliases.first { $0.correlationID == id }?.orderID ?? row.order.id,
                status: row.order.status, updatedAt: row.events[row.events.count - 1].occurredAt)
        }
        guard
            let taken = intake.first(where: { $0.order.correlationID == id && $0.order.customer == user }),
            let order = waiting(taken)
        else { return nil }
        return StatusReport(
            correlationID: id, orderID: order.id, status: .accepted, updatedAt: order.createdAt)
    }

    // MARK: order-notification

    func owners(of ids: [CorrelationID]) -> [CorrelationID: OrderOwner] {
        var owners: [CorrelationID: OrderOwner] = [:]
        for id in ids {
            if let index = index(id) {
                let row = orders[index]
                owners[id] = OrderOwner(
                    row.order.customer,
                    orderID: aliases.first { $0.correlationID == id }?.orderID ?? row.order.id,
                    status: row.order.status, isDeleted: row.isDeleted)
            } else if let taken = intake.first(where: { $0.order.correlationID == id }) {
                owners[id] = OrderOwner(taken.order.customer, orderID: taken.order.orderID, status: nil)
            }
        }
        return owners
    }
}
