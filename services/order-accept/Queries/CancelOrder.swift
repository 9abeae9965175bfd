import EventLoop
import Orders
import WorkflowState

/// Cancels an order that is not in processing. The status in Redis decides: cancelling and processing race for ACCEPTED.
/// order-process records an order that it finds CANCELLED as cancelled.
@Loop
struct CancelOrder {
    let state: any WorkflowStore
    let queries: any OrderQueries

    /// Idempotent.
    func cancel(_ id: OrderID, of user: UserID) async throws(OrderChangeError) -> Order {
        var order = try await find(id, of: user)
        if order.status == .accepted { order.status = try await decide(order) }
        guard order.status == .cancelled else { throw .notCancellable(order.status) }
        return order
    }

    private func find(_ id: OrderID, of user: UserID) async throws(OrderChangeError) -> Order {
        do throws(WorkflowStateError) {
            if let order = try await PendingOrders(state: state).order(id, of: user) { return order }
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        do throws(OrderQueryError) {
            if let order = try await queries.order(id, of: user) { return order }
        } catch {
            throw OrderChangeError(error)
        }
        throw .notFound
    }

    private func decide(_ order: Order) async throws(OrderChangeError) -> OrderStatus {
        do throws(WorkflowStateError) {
            return try await state.advance([.cancelling(order)]).first?.status.status ?? order.status
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }
}

/// Why an order was not changed.
enum OrderChangeError: Error, Hashable {
    /// No such order, or another user's.
    case notFound
    /// The order is in processing or final.
    case notCancellable(OrderStatus)
    /// The server that decides is unavailable.
    case unavailable(reason: String)

    init(_ failure: OrderQueryError) { self = .unavailable(reason: failure.reason) }
}
