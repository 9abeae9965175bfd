import Bytes
import EventLoop
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

@testable import OrderAccept

/// What PostgreSQL holds. Each function is one transaction, after the statements of OrderRecords, of OrderQueryStatements and
/// of the functions in OrderSchema.
@Loop
final class SimulatedTables {
    struct Row {
        var order: Order
        var contents: OrderAccepted
        var key: String?
        /// By version - 1.
        var events: [LoggedEvent]
        var isDeleted = false
    }

    struct Waiting {
        var event: EventKey
        var since: Instant
    }

    struct Taken {
        var order: IntakeOrder
        var contents: OrderAccepted
    }

    private(set) var orders: [Row] = []
    /// From the ids of a repeated request to the order.
    private(set) var aliases: [(orderID: OrderID, correlationID: CorrelationID, target: OrderID)] = []
    private(set) var outbox: [Waiting] = []
    private(set) var intake: [Taken] = []
    /// Of all that were ever in the intake table.
    private(set) var takenIDs: Set<OrderID> = []
    /// Rows of the intake table that a transaction has locked, by its process.
    private var locked: [(id: CorrelationID, by: Liveness)] = []
    private var relay: Liveness?
    private var lastID: Int64 = 0

    /// Past the ids that orders have, and the blocks that may be in use, as `move_order_ids` does.
    func nextIDs(_ count: Int64) -> ClosedRange<Int64> {
        if lastID < newestID { lastID = newestID + 1_000 * count }
        defer { lastID += count }
        return lastID + 1...lastID + count
    }

    private var newestID: Int64 { orders.map(\.order.id.value).max() ?? 0 }

    /// A standby is promoted whose sequence is behind the orders.
    func setSequenceBack() {
        if newestID > 0 { lastID = Int64(Int.drawn(in: 0...Int(newestID - 1))) }
    }

    /// The server has noticed that a process is gone.
    func releaseLocks(of process: Liveness) {
        abortIntake(process)
        abortRelay(process)
    }

    /// Of the session that sweeps the outbox.
    func abortRelay(_ process: Liveness) { if relay === process { relay = nil } }

    /// Of the session that sweeps the intake table.
    func abortIntake(_ process: Liveness) { locked.removeAll { $0.by === process } }

    func releaseAllLocks() {
        locked = []
        relay = nil
    }

    func index(_ id: OrderID) -> Int? {
        if let index = orders.firstIndex(where: { $0.order.id == id }) { return index }
        guard let alias = aliases.first(where: { $0.orderID == id }) else { return nil }
        return orders.firstIndex { $0.order.id == alias.target }
    }

    func index(_ id: CorrelationID) -> Int? {
        if let alias = aliases.first(where: { $0.correlationID == id }) { return index(alias.target) }
        return orders.firstIndex { $0.order.correlationID == id }
    }

    func index(_ key: String, of user: UserID) -> Int? {
        orders.firstIndex { $0.order.customer == user && $0.key?.hasSameBytes(as: key) == true }
    }

    // MARK: order-process

    /// Orders of so many are refused: only their failure can be recorded.
    nonisolated static let refusedQuantity = 500

    func record(_ records: [OrderRecord]) throws(OrderRecordsError) -> [RecordedOrder?] {
        let isRefused = records.contains { record in
            record.status == .completed && index(record.contents.correlationID) == nil
                && record.contents.lines.contains { $0.quantity >= Self.refusedQuantity }
        }
        if isRefused { throw OrderRecordsError(.refused, "a constraint") }
        // Of two with one key, the order with the lower id is the first.
        let places = records.indices.sorted { records[$0].contents.orderID < records[$1].contents.orderID }
        var recorded = [RecordedOrder?](repeating: nil, count: records.count)
        for place in places { recorded[place] = record(records[place]) }
        return recorded
    }

    private func record(_ record: OrderRecord) -> RecordedOrder? {
        let contents = record.contents
        if let index = orders.firstIndex(where: { $0.order.correlationID == contents.correlationID }) {
            guard orders[index].order.id == contents.orderID else { return nil }
            return recorded(index)
        }
        if let alias = aliases.first(where: { $0.correlationID == contents.correlationID }) {
            return index(alias.target).map { aliased($0) }
        }
        if let key = contents.idempotencyKey, let index = index(key, of: contents.customer) {
            guard orders[index].contents.hasLines(of: contents) else { return self.record(record.withoutKey) }
            aliases.append((contents.orderID, contents.correlationID, orders[index].order.id))
            return aliased(index)
        }
        guard index(contents.orderID) == nil else { return nil }
        guard var order = Order(contents) else { return nil }
        order.status = record.status
        order.failure = record.failureCode
        orders.append(
            Row(
                order: order, contents: contents, key: contents.idempotencyKey,
                events: [record.acceptance, record.outcome]))
        outbox.append(Waiting(event: EventKey(order.id, version: 2), since: Loop.now))
        return RecordedOrder(new: record)
    }

    private func aliased(_ index: Int) -> RecordedOrder {
        var order = recorded(index)
        order.isAliased = true
        return order
    }

    private func recorded(_ index: Int) -> RecordedOrder {
        let row = orders[index]
        let key = EventKey(row.order.id, version: row.events.count)
        return RecordedOrder(
            orderID: row.order.id, correlationID: row.order.correlationID, owner: row.order.customer,
            status: row.order.status, event: row.events[row.events.count - 1], version: row.events.count,
            isPublished: !outbox.contains { $0.event == key }, isNew: false)
    }

    func markPublished(_ keys: [EventKey]) { outbox.removeAll { keys.contains($0.event) } }

    /// Nil while another process sweeps.
    func beginRelay(_ process: Liveness, olderThan age: Duration, limit: Int) -> [UnpublishedEvent]? {
        guard relay == nil else { return nil }
        relay = process
        let due = outbox.filter { $0.since < Loop.now - age }.prefix(limit)
        return due.compactMap { waiting in
            index(waiting.event.orderID).map {
                UnpublishedEvent(waiting.event, orders[$0].events[waiting.event.version - 1])
            }
        }
    }

    /// Processes that publish from the outbox, by the server's generation.
    private var relays: [(process: Liveness, generation: Int)] = []
    /// What must never be.
    private(set) var faults: [String] = []

    func relayBegins(_ process: Liveness, generation: Int) {
        relays.removeAll { !$0.process.isAlive || $0.generation != generation }
        if !relays.isEmpty { faults.append("two processes publish the outbox at the same time") }
        relays.append((process, generation))
    }

    func relayEnds(_ process: Liveness) { relays.removeAll { $0.process === process } }

    /// - Returns: whether the transaction still held its lock.
    func endRelay(_ process: Liveness, published: [EventKey]) -> Bool {
        relayEnds(process)
        guard relay === process else { return false }
        relay = nil
        markPublished(published)
        return true
    }

    func beginIntake(_ process: Liveness, limit: Int) -> [Taken] {
        let free = intake.filter { taken in !locked.contains { $0.id == taken.order.correlationID } }.prefix(
            limit)
        locked += free.map { ($0.order.correlationID, process) }
        return Array(free)
    }

    func endIntake(_ process: Liveness, removed: [CorrelationID]) -> Bool {
        guard removed.allSatisfy({ id in locked.contains { $0.id == id && $0.by === process } }) else {
            return false
        }
        locked.removeAll { $0.by === process }
        intake.removeAll { removed.contains($0.order.correlationID) }
        return true
    }

    // MARK: order-accept

    /// - Returns: whether the order is accepted; its key may be another's.
    func take(_ order: IntakeOrder) -> Bool {
        guard let contents = try? OrderAccepted(decoding: order.payload.span) else { return false }
        let id = order.correlationID
        let isKeyTaken =
            order.idempotencyKey.map { key in
                orders.contains {
                    $0.order.customer == order.customer && $0.key?.hasSameBytes(as: key) == true
                        && $0.order.correlationID != id
                }
                    || intake.contains {
                        $0.order.customer == order.customer
                            && $0.order.idempotencyKey?.hasSameBytes(as: key) == true
                            && $0.order.correlationID != id
                    }
            } ?? false
        let isConflict = intake.contains { $0.order.correlationID == id || $0.order.orderID == order.orderID }
        if !isKeyTaken, !isConflict {
            intake.append(Taken(order: order, contents: contents))
            takenIDs.insert(order.orderID)
        }
        return intake.contains { $0.order.correlationID == id } || index(id) != nil
    }

    /// Nil once it is recorded.
    func waiting(_ taken: Taken) -> Order? {
        orders.contains { $0.order.correlationID == taken.order.correlationID } ? nil : Order(taken.contents)
    }

    /// - Returns: the status that was recorded before; nil when it is cancelled now.
    func cancel(_ cancellation: OrderCancellation, isDeletion: Bool) -> OrderStatus? {
        var order = cancellation.order
        var key = cancellation.idempotencyKey
        var found = orders.firstIndex { $0.order.correlationID == order.correlationID }
        if found == nil, let wanted = key, let other = index(wanted, of: order.customer) {
            if orders[other].contents.hasLines(of: OrderAccepted(order)) {
                aliases.append((order.id, order.correlationID, orders[other].order.id))
                found = other
            } else {
                key = nil
            }
        }
        if let found {
            if isDeletion { orders[found].isDeleted = true }
            return orders[found].order.status
        }
        guard index(order.id) == nil else { return .failed }
        order.status = .cancelled
        orders.append(
            Row(
                order: order, contents: OrderAccepted(order, idempotencyKey: key), key: key,
                events: [cancellation.acceptance, cancellation.cancellation], isDeleted: isDeletion))
        if !isDeletion { outbox.append(Waiting(event: EventKey(order.id, version: 2), since: Loop.now)) }
        return nil
    }

    func delete(_ id: OrderID, of user: UserID) -> CorrelationID? {
        guard let index = index(id), orders[index].order.customer == user, !orders[index].isDeleted else {
            return nil
        }
        orders[index].isDeleted = true
        return orders[index].order.correlationID
    }
}

extension OrderAccepted {
    fileprivate func hasLines(of other: OrderAccepted) -> Bool {
        let mine = lines.map { "\($0.productID.value) \($0.quantity)" }.sorted()
        return mine == other.lines.map { "\($0.productID.value) \($0.quantity)" }.sorted()
    }
}
