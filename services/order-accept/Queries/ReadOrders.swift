import EventLoop
import OrderEvents
import Orders
import WorkflowState

/// Queries of a user's orders.
///
/// Reads Redis first: the pending snapshot is deleted when the order has been persisted, so that an order is found in
/// one of the two from its 201 on. Falls back to PostgreSQL when Redis is unavailable.
@Loop
struct ReadOrders {
    let state: any WorkflowStore
    let queries: any OrderQueries
    var clock: @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> Order? {
        if let order = try? await PendingOrders(state: state).order(id, of: user) { return order }
        return try await queries.order(id, of: user)
    }

    func page(of user: UserID, offset: Int, size: Int) async throws(OrderQueryError) -> OrderPage {
        try await queries.page(of: user, offset: offset, size: size)
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        if let workflow = try? await state.workflow(id), let owner = workflow.owner {
            guard owner == user else { return nil }
            let age = workflow.age.nanoseconds / 1_000_000
            // The id has expired for an old order, such as one that is replayed from the dead-letter queue.
            if let orderID = workflow.orderID {
                return StatusReport(
                    correlationID: id, orderID: orderID, status: workflow.status.status,
                    updatedAt: Timestamp(milliseconds: clock().milliseconds - age))
            }
        }
        return try await queries.status(id, of: user)
    }
}

/// Orders between acceptance and persistence, from Redis.
@Loop
struct PendingOrders {
    let state: any WorkflowStore

    /// The accepted order with its current status; nil when it is another user's, or not pending.
    func order(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> Order? {
        guard let document = try await state.pending(id),
            var order = try? Order(decoding: document.span, customer: user),
            let workflow = try await state.workflow(order.correlationID), workflow.owner == user
        else { return nil }
        order.status = workflow.status.status
        return order
    }
}
