import EventLoop
import OrderEvents
import Orders
import WorkflowState

/// Answers what users ask about their orders.
///
/// Redis is asked first: the snapshot goes when the order has been persisted, so that an order is found in
/// one of the two from its 201 on, and a fresh one costs PostgreSQL nothing. Redis away is no reason not to
/// answer from PostgreSQL.
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
            // Without its number the order is an old one, such as one that was parked and is being replayed.
            if let orderID = workflow.orderID {
                return StatusReport(
                    correlationID: id, orderID: orderID, status: workflow.status.status,
                    updatedAt: Timestamp(milliseconds: clock().milliseconds - age))
            }
        }
        return try await queries.status(id, of: user)
    }
}

/// Orders between acceptance and persistence, out of Redis.
@Loop
struct PendingOrders {
    let state: any WorkflowStore

    /// The order as it was accepted with its status of now; nil when it is not the user's, or not pending.
    func order(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> Order? {
        guard let document = try await state.pending(id),
            var order = try? Order(decoding: document.span, customer: user),
            let workflow = try await state.workflow(order.correlationID), workflow.owner == user
        else { return nil }
        order.status = workflow.status.status
        return order
    }
}
