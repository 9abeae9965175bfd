internal import EventLoop
package import HTTP
internal import Observability

extension Component {
    /// The service's HTTP server at its `LISTEN` address, with the health and metrics routes.
    ///
    /// It comes last in a composition, so that it is drained first.
    @Loop package static func http(
        _ context: ServiceContext, _ configuration: HTTPServer.Configuration = .init(),
        routes: (APIRouter) -> Void = { _ in }
    ) -> Component {
        let router = HTTPRouter()
        context.health.addRoutes(to: router, metrics: context.metrics)
        routes(APIRouter(router, log: context.log, metrics: context.metrics))
        var configuration = configuration
        configuration.refusal = { Problem($0).response(instance: nil, trace: .root()) }
        let server = HTTPServer(router, configuration)
        addMetrics(of: server, context)
        return Component(
            "http",
            start: {
                let port = try await server.listen(on: context.listen)
                context.log.info("http.listening", ["host": context.listen.host, "port": port])
            },
            drain: { deadline in
                // What stands below must still get its share of the time.
                await server.drain(within: max(Loop.now.duration(to: deadline), .zero) * 3 / 4)
            })
    }

    /// The router's handlers hold the metrics, so these do not hold the server.
    @Loop private static func addMetrics(of server: HTTPServer, _ context: ServiceContext) {
        let metrics = context.metrics
        @Loop func statistics(_ server: HTTPServer?) -> HTTPServer.Statistics { server?.statistics ?? .init() }
        metrics.gauge("waybill_http_connections", "Open connections, WebSockets included.") { [weak server] in
            Double(statistics(server).connections)
        }
        metrics.gauge("waybill_http_websockets", "Open WebSockets.") { [weak server] in
            Double(statistics(server).webSockets)
        }
        metrics.counter("waybill_http_connections_accepted_total", "Connections accepted.") { [weak server] in
            Double(statistics(server).accepted)
        }
        metrics.counter("waybill_http_connections_rejected_total", "Connections turned away by a limit.") {
            [weak server] in
            Double(statistics(server).rejected)
        }
        metrics.counter("waybill_http_requests_refused_total", "Requests refused before any handler saw them.") {
            [weak server] in
            Double(statistics(server).refused)
        }
    }
}
