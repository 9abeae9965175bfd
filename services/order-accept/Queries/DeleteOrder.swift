import EventLoop
import Orders
import WorkflowState

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
