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

/// Hides an order from its owner for good; the record is kept. An order that is not in processing is cancelled too.
@Loop
struct DeleteOrder {
    let state: any WorkflowStore
    let queries: any OrderQueries

    func delete(_ id: OrderID, of user: UserID) async throws(OrderChangeError) {
        let pending: Result<Order?, WorkflowStateError>
        do throws(WorkflowStateError) {
            pending = .success(try await PendingOrders(state: state).order(id, of: user))
        } catch {
            pending = .failure(error)
        }
        switch pending {
        case .success(let order?):
            _ = try await hide(id, of: user, isPending: true)
            await forget(order)
        case .success(nil):
            guard try await hide(id, of: user, isPending: false) else { throw .notFound }
        case .failure(let error):
            // The order may be pending, which cannot be read.
            guard try await hide(id, of: user, isPending: false) else {
                throw .unavailable(reason: "\(error)")
            }
        }
    }

    private func hide(_ id: OrderID, of user: UserID, isPending: Bool) async throws(OrderChangeError) -> Bool
    {
        do throws(OrderQueryError) {
            return try await queries.delete(id, of: user, isPending: isPending)
        } catch {
            throw OrderChangeError(error)
        }
    }

    /// Ignores failures: the order is hidden already, and the snapshot expires.
    private func forget(_ order: Order) async {
        if order.status == .accepted {
            _ = try? await state.advance([.cancelling(order)])
        }
        try? await state.discardPending([order.id])
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
