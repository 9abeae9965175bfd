import EventLoop
import HTTP
import JSON
import Observability
import OrderEvents
import Orders
import Service

/// Queries of a user's orders, cancellation and deletion.
@Loop
struct OrderRoutes {
    let authorizer: RequestAuthorizer
    let reading: ReadOrders
    let cancelling: CancelOrder
    let deleting: DeleteOrder
    let log: Logger

    func add(to router: APIRouter) {
        router.on(.get, "/api/orders") { request, context in
            let user = try await authorizer.authenticate(request)
            let (offset, size) = try request.page(defaultSize: 10)
            let page = try await read(context) { () throws(OrderQueryError) in
                try await reading.page(of: user, offset: offset, size: size)
            }
            return HTTPResponse(
                json: JSONWriter.encode(reserving: 4096) { writer in
                    writer.page(offset: offset, size: size, total: page.total, of: page.orders) {
                        $1.write(to: &$0)
                    }
                })
        }
        router.on(.get, "/api/orders/{id}") { request, context in
            let user = try await authorizer.authenticate(request)
            let id = try request.orderID()
            let order = try await read(context) { () throws(OrderQueryError) in
                try await reading.order(id, of: user)
            }
            guard let order else { throw Problem.noSuchOrder }
            return HTTPResponse(json: order.encode())
        }
        router.on(.get, "/api/orders/status/{correlationId}") { request, context in
            let user = try await authorizer.authenticate(request)
            let id = try request.correlationID()
            let report = try await read(context) { () throws(OrderQueryError) in
                try await reading.status(id, of: user)
            }
            guard let report else { throw Problem.noSuchOrder }
            return HTTPResponse(json: report.encode())
        }
        router.on(.post, "/api/orders/{id}/cancel") { request, context in
            let (user, headers) = try await authorizer.authorizeChange(request)
            let id = try request.orderID()
            let order = try await change(context) { () throws(OrderChangeError) in
                try await cancelling.cancel(id, of: user)
            }
            return HTTPResponse(.accepted, json: order.encode(), headers: headers)
        }
        router.on(.delete, "/api/orders/{id}") { request, context in
            let (user, headers) = try await authorizer.authorizeChange(request)
            let id = try request.orderID()
            try await change(context) { () throws(OrderChangeError) in try await deleting.delete(id, of: user)
            }
            return HTTPResponse(.noContent, headers: headers)
        }
    }

    private func read<Answer>(
        _ context: RequestContext, _ body: @Loop () async throws(OrderQueryError) -> Answer
    ) async throws(Problem) -> Answer {
        do throws(OrderQueryError) { return try await body() } catch {
            log.warning("order.query_failed", ["error": error.reason], trace: context.trace)
            throw .ordersUnavailable
        }
    }

    private func change<Answer>(
        _ context: RequestContext, _ body: @Loop () async throws(OrderChangeError) -> Answer
    ) async throws(Problem) -> Answer {
        do throws(OrderChangeError) { return try await body() } catch {
            if case .unavailable(let reason) = error {
                log.warning("order.change_failed", ["error": reason], trace: context.trace)
            }
            throw Problem(error)
        }
    }
}

extension StatusReport {
    func encode() -> [UInt8] {
        JSONWriter.encode { writer in
            writer.object { writer in
                writer.field("correlationId", correlationID.description)
                writer.field("orderId", orderID.value)
                writer.field("status", status.wireName)
                writer.field("updatedAt", updatedAt.description)
            }
        }
    }
}
