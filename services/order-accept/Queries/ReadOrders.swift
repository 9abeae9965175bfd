import EventLoop
import OrderEvents
import Orders
import WorkflowState

/// Queries of a user's orders.
///
/// Reads Redis first: the pending copy is removed when the order has been recorded, so that an order is found in one of
/// the two from its 201 on. What Redis does not have, or does not answer, comes from PostgreSQL.
@Loop
struct ReadOrders {
    let state: any WorkflowStore
    let queries: any OrderQueries
    var clock: @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> StoredOrder? {
        if let order = try? await PendingOrders(state: state).order(id, of: user) { return order }
        return try await queries.order(id, of: user)
    }

    func page(of user: UserID, _ range: PageRange) async throws(OrderQueryError) -> OrderPage {
        let pending = (try? await PendingOrders(state: state).orders(of: user)) ?? []
        return try await queries.page(of: user, range, pending: pending)
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        // A cancelled order may be deleted, and the id of an old one has expired.
        if let workflow = try? await state.workflow(id), let owner = workflow.owner,
            let orderID = workflow.orderID, workflow.status.status != .cancelled
        {
            guard owner == user else { return nil }
            let age = workflow.age.nanoseconds / 1_000_000
            return StatusReport(
                correlationID: id, orderID: orderID, status: workflow.status.status,
                updatedAt: Timestamp(milliseconds: clock().milliseconds - age))
        }
        return try await queries.status(id, of: user)
    }
}

/// Orders between acceptance and recording, from Redis.
@Loop
struct PendingOrders {
    let state: any WorkflowStore

    /// In a list.
    private static let limit = 256

    /// The accepted order with its current status; nil when it is another user's, or not pending.
    func order(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> StoredOrder? {
        guard let document = try await state.pending(id),
            var order = try? Order(decoding: document.span, customer: user),
            let workflow = try await state.workflow(order.correlationID), workflow.owner == user
        else { return nil }
        order.status = workflow.status.status
        return StoredOrder(
            order: order, history: [StatusChange(status: .accepted, at: order.createdAt)], isRecorded: false,
            idempotencyKey: Order.idempotencyKey(of: document.span))
    }

    func orders(of user: UserID) async throws(WorkflowStateError) -> [Order] {
        try await state.pending(of: user, limit: Self.limit).compactMap { pending in
            var order = try? Order(decoding: pending.contents.span, customer: user)
            if let status = pending.status { order?.status = status.status }
            return order
        }
    }
}
