import EventLoop
import HTTP
import Observability
import Orders
import Service

/// `POST /api/orders`.
@Loop
struct PlacementRoutes {
    let authorizer: RequestAuthorizer
    let placement: IdempotentOrderPlacement
    let metrics: PlacementMetrics
    let log: Logger

    /// In bytes.
    private static let bodyLimit = 64 << 10

    func add(to router: APIRouter) {
        router.admitting(admit).on(.post, "/api/orders", bodyLimit: Self.bodyLimit) { request, context in
            var (user, headers) = try await authorizer.authorizeChange(request)
            let order = try request.orderRequest()
            let key = try request.idempotencyKey()
            let attempt = EdgeAttempt(key: request.edgeKey, isRepeated: request.isRepeatedByEdge)
            let placement = try await place(order, from: user, key, attempt, context)
            headers.add("Location", "/api/orders/\(placement.orderID)")
            if placement.order == nil { headers.add("Idempotency-Replayed", "true") }
            return HTTPResponse(.created, json: placement.document, headers: headers)
        }
    }

    private func admit(_ request: HTTPRequest) async throws {
        try await authorizer.admitChange(request)
        try request.checkContentType()
    }

    private func place(
        _ request: OrderRequest, from user: UserID, _ key: String?, _ attempt: EdgeAttempt,
        _ context: RequestContext
    ) async throws(Problem) -> IdempotentOrderPlacement.Placement {
        do throws(PlacementError) {
            let placement = try await placement.place(
                request, from: user, key: key, attempt: attempt, trace: context.trace, cause: context.id)
            note(placement, context)
            return placement
        } catch {
            metrics.failed(error)
            if error.isOutage {
                log.warning("order.rejected", ["reason": error.reason.rawValue], trace: context.trace)
            }
            throw Problem(error)
        }
    }

    private func note(_ placement: IdempotentOrderPlacement.Placement, _ context: RequestContext) {
        guard let order = placement.order else { return metrics.replayed() }
        metrics.accepted(order)
        log.debug(
            "order.accepted", ["orderId": order.id.value], cid: order.correlationID.description,
            trace: context.trace)
    }
}
