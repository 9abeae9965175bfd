import Bytes
import EventLoop
import OrderEvents
import Orders
import WorkflowState

/// Queries of a user's orders.
///
/// Reads Redis first: the pending copy is removed when the order has been recorded, so that an order is found in one of
/// the two from its 201 on. Then PostgreSQL, whose word counts once the order is recorded: Redis may have been away when it
/// ended. What neither has may be known to the replica that accepted it.
@Loop
struct ReadOrders {
    let pending: PendingOrders
    let queries: any OrderQueries
    var clock: @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> StoredOrder? {
        var outage: WorkflowStateError?
        var remembered: StoredOrder?
        do throws(WorkflowStateError) { remembered = try await pending.order(id, of: user)?.order } catch {
            outage = error
        }
        do throws(OrderQueryError) {
            // Of one that is not recorded Redis knows as much, and whether it is being processed.
            if let order = try await queries.order(id, of: user), order.isRecorded || remembered == nil {
                return order
            }
        } catch {
            guard let remembered else { throw error }
            return remembered
        }
        if let remembered {
            guard try await isRecorded(remembered.order.correlationID) else { return remembered }
            // In between, or it is deleted.
            return try await queries.order(id, of: user)
        }
        if let order = try await pending.forgotten(id, of: user, queries) { return order }
        guard let outage else { return nil }
        // It may be pending, unless it is recorded: since the last question, or it is deleted, or another user's.
        guard try await queries.recorded([id]).contains(id) else {
            throw OrderQueryError(reason: "\(outage)")
        }
        return try await queries.order(id, of: user)
    }

    private func isRecorded(_ id: CorrelationID) async throws(OrderQueryError) -> Bool {
        try await !queries.outcomes(of: [id]).isEmpty
    }

    func page(of user: UserID, _ range: PageRange) async throws(OrderQueryError) -> OrderPage {
        try await queries.page(of: user, range, pending: await pending.orders(of: user))
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        var remembered: StatusReport?
        var outage: WorkflowStateError?
        do throws(WorkflowStateError) {
            // The owner of a deleted order is removed, and the id of an old one has expired.
            if let workflow = try await pending.state.workflow(id), let owner = workflow.owner,
                let orderID = workflow.orderID
            {
                guard owner == user else { return nil }
                let age = workflow.age.nanoseconds / 1_000_000
                remembered = StatusReport(
                    correlationID: id, orderID: orderID, status: workflow.status.status,
                    updatedAt: Timestamp(milliseconds: clock().milliseconds - age))
            }
        } catch {
            outage = error
        }
        // It may have ended while Redis was away, and one that has ended may be deleted.
        do throws(OrderQueryError) {
            if let report = try await queries.status(id, of: user), report.status.isFinal || remembered == nil
            {
                return report
            }
        } catch {
            guard let remembered, remembered.status != .cancelled else { throw error }
            return remembered
        }
        // Of a failure that PostgreSQL refuses there is no record.
        if let remembered, !remembered.status.isFinal || remembered.status == .failed {
            guard try await isRecorded(id) else { return remembered }
            return try await queries.status(id, of: user)
        }
        if let order = pending.recent.acceptance(id),
            let found = try await pending.forgotten(order.orderID, of: user, queries)?.order
        {
            return StatusReport(
                correlationID: id, orderID: found.id, status: found.status, updatedAt: found.createdAt)
        }
        guard let outage else { return nil }
        guard try await isRecorded(id) else { throw OrderQueryError(reason: "\(outage)") }
        return try await queries.status(id, of: user)
    }
}

/// Orders between acceptance and recording: from Redis, and of those that this replica accepted also what Redis has lost.
@Loop
struct PendingOrders {
    let state: any WorkflowStore
    let recent: RecentOrders

    /// In a list.
    private static let limit = 256

    /// The accepted order with its current status; nil when it is another user's, or not pending.
    func order(
        _ id: OrderID, of user: UserID
    ) async throws(WorkflowStateError) -> (order: StoredOrder, workflow: Workflow)? {
        guard let document = try await state.pending(id, of: user),
            let order = StoredOrder(pending: document, of: user),
            let workflow = try await state.workflow(order.order.correlationID), workflow.owner == user
        else { return nil }
        return (order.with(workflow.status), workflow)
    }

    /// An order that this replica accepted and neither Redis nor PostgreSQL has.
    func forgotten(
        _ id: OrderID, of user: UserID, _ queries: any OrderQueries
    ) async throws(OrderQueryError) -> StoredOrder? {
        guard let acceptance = recent.acceptance(id), acceptance.owner == user,
            let order = StoredOrder(pending: acceptance.pending, of: user)
        else { return nil }
        if try await queries.outcomes(of: [acceptance.correlationID]).isEmpty { return order }
        // It was recorded in between; or it is deleted.
        return try await queries.order(id, of: user)
    }

    /// Some may be recorded by now.
    func orders(of user: UserID) async -> [StoredOrder] {
        let queued = (try? await state.pending(of: user, limit: Self.limit)) ?? []
        var orders = queued.compactMap { StoredOrder(pending: $0.contents, of: user)?.with($0.status) }
        let known = Set(orders.map(\.order.id))
        for acceptance in recent.acceptances(of: user).prefix(Self.limit)
        where !known.contains(acceptance.orderID) {
            if let order = StoredOrder(pending: acceptance.pending, of: user) { orders.append(order) }
        }
        return Self.withoutRepeats(orders)
    }

    /// Of requests that Redis let through twice under one key, the first becomes the order.
    private static func withoutRepeats(_ orders: [StoredOrder]) -> [StoredOrder] {
        let byAge = orders.sorted {
            ($0.order.createdAt, $0.order.id.value) < ($1.order.createdAt, $1.order.id.value)
        }
        var kept: [StoredOrder] = []
        for order in byAge where !kept.contains(where: { $0.isRepeated(by: order) }) { kept.append(order) }
        return kept
    }
}

extension StoredOrder {
    /// Nil unless the contents are those of an ``Acceptance``.
    init?(pending contents: [UInt8], of user: UserID) {
        guard let order = try? Order(decoding: contents.span, customer: user) else { return nil }
        self.init(
            order: order, history: [StatusChange(status: .accepted, at: order.createdAt)], isRecorded: false,
            idempotencyKey: Order.idempotencyKey(of: contents.span))
    }

    func isRepeated(by other: StoredOrder) -> Bool {
        guard let idempotencyKey, let key = other.idempotencyKey else { return false }
        return key.hasSameBytes(as: idempotencyKey) && order.lines == other.order.lines
    }

    fileprivate func with(_ status: WorkflowStatus?) -> StoredOrder {
        var changed = self
        if let status { changed.order.status = status.status }
        return changed
    }
}
