import EventLoop
import Orders
import WorkflowState

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
