import EventLoop
import HTTP
import Observability
import Orders
import Service

/// `POST /api/orders`.
@Loop
struct IntakeRoutes {
    let callers: Callers
    let intake: AcceptOrder
    let metrics: IntakeMetrics
    let log: Logger

    /// In bytes.
    private static let bodyLimit = 64 << 10

    func add(to edge: Edge) {
        edge.on(.post, "/api/orders", bodyLimit: Self.bodyLimit) { request, scope in
            let budget = IntakeBudget(from: Loop.now)
            var (user, headers) = try await callers.admit(request)
            let order = try request.orderRequest()
            let accepted = try await accept(order, from: user, scope, budget)
            headers.add("Location", "/api/orders/\(accepted.order.id)")
            return Response(.created, json: accepted.document, headers: headers)
        }
    }

    private func accept(
        _ request: OrderRequest, from user: UserID, _ scope: RequestScope, _ budget: IntakeBudget
    ) async throws(Problem) -> AcceptedOrder {
        do throws(IntakeFailure) {
            let accepted = try await intake.accept(
                request, from: user, trace: scope.trace, cause: scope.id, budget: budget)
            metrics.accepted(accepted.order)
            log.debug(
                "order.accepted", ["orderId": accepted.order.id.value],
                cid: accepted.order.correlationID.description, trace: scope.trace)
            return accepted
        } catch {
            metrics.failed(error)
            if case .pricing = error { throw Problem(error) }
            log.warning("order.not_accepted", ["reason": error.reason], trace: scope.trace)
            throw Problem(error)
        }
    }
}
