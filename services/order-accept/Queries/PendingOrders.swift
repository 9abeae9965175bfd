import EventLoop
import OrderEvents
import Orders
import WorkflowState

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
