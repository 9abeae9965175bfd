import EventLoop
import Orders
import WorkflowState

/// Cancels an order that nobody works on yet. The one place that decides is the status in Redis: cancelling
/// and processing race for ACCEPTED. order-process, which finds CANCELLED, records it so.
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

/// Hides an order from its owner for good; the record stays. One that nobody works on yet is cancelled as
/// well: what was deleted is not carried out.
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
            // It may be pending, and nobody can tell.
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

    /// A failure here is without harm: the order is hidden already, and the snapshot expires.
    private func forget(_ order: Order) async {
        if order.status == .accepted {
            _ = try? await state.advance([.cancelling(order)])
        }
        try? await state.discardPending([order.id])
    }
}

/// Why an order was not changed.
enum OrderChangeError: Error, Hashable {
    /// Or it is somebody else's.
    case notFound
    /// Somebody works on it, or it has ended.
    case notCancellable(OrderStatus)
    /// Who decides cannot be asked at the moment.
    case unavailable(reason: String)

    init(_ failure: OrderQueryError) { self = .unavailable(reason: failure.reason) }
}
