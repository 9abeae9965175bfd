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
    let log: Logger

    func add(to router: APIRouter) {
        let router = router.admitting { _ = try await authorizer.authenticate($0) }
        router.on(.get, "/api/orders") { request, context in
            let (user, headers) = try await authorizer.authorizeRead(request)
            let range = try request.orderRange()
            let page = try await read(context) { () throws(OrderQueryError) in
                try await reading.page(of: user, range)
            }
            return HTTPResponse(json: page.encode(range), headers: headers)
        }
        router.on(.get, "/api/orders/{id}") { request, context in
            let (user, headers) = try await authorizer.authorizeRead(request)
            let id = try request.orderID()
            let order = try await read(context) { () throws(OrderQueryError) in
                try await reading.order(id, of: user)
            }
            guard let order else { throw Problem.noSuchOrder }
            return HTTPResponse(json: order.encode(), headers: headers)
        }
        router.on(.get, "/api/orders/status/{correlationId}") { request, context in
            let (user, headers) = try await authorizer.authorizeRead(request)
            let id = try request.correlationID()
            let report = try await read(context) { () throws(OrderQueryError) in
                try await reading.status(id, of: user)
            }
            guard let report else { throw Problem.noSuchOrder }
            return HTTPResponse(json: report.encode(), headers: headers)
        }
        router.on(.post, "/api/orders/{id}/cancel", bodyLimit: 4096) { request, context in
            let (user, headers) = try await authorizer.authorizeChange(request)
            let id = try request.orderID()
            let order = try await change(context) { () throws(OrderChangeError) in
                try await cancelling.cancel(id, of: user, context.trace)
            }
            return HTTPResponse(.accepted, json: order.encode(), headers: headers)
        }
        router.on(.delete, "/api/orders/{id}") { request, context in
            let (user, headers) = try await authorizer.authorizeChange(request)
            let id = try request.orderID()
            try await change(context) { () throws(OrderChangeError) in
                try await cancelling.delete(id, of: user, context.trace)
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
            switch error {
            case .unavailable(let reason), .inDoubt(let reason):
                log.warning("order.change_failed", ["error": reason], trace: context.trace)
            case .notFound, .notCancellable: break
            }
            throw Problem(error)
        }
    }
}

extension StoredOrder {
    func encode() -> [UInt8] {
        JSONWriter.encode(reserving: 512) { writer in
            writer.object { writer in
                order.writeMembers(to: &writer)
                writer.key("history")
                writer.array { writer in
                    for change in history {
                        writer.object { writer in
                            writer.field("status", change.status.wireName)
                            writer.field("at", change.at.description)
                        }
                    }
                }
            }
        }
    }
}

extension OrderPage {
    /// `{offset?, size, total, next?, items}`
    func encode(_ range: PageRange) -> [UInt8] {
        JSONWriter.encode(reserving: 4096) { writer in
            writer.object { writer in
                if case .offset(let offset) = range.start { writer.field("offset", offset) }
                writer.field("size", range.size)
                writer.field("total", total)
                if let next { writer.field("next", next.text) }
                writer.key("items")
                writer.array { writer in
                    for order in orders { order.write(to: &writer) }
                }
            }
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
