package import EventLoop
package import HTTP
internal import Observability

/// A process's HTTP server at its `LISTEN` address, with the health and metrics routes.
///
/// It is the last in a list of services, so that it is drained first.
@Loop package final class HTTPService: Service {
    private let context: ServiceContext
    private let server: HTTPServer
    private var certificate: ServerCertificate?

    package init(
        _ context: ServiceContext, _ configuration: HTTPServer.Configuration = .init(),
        routes: (APIRouter) -> Void = { _ in }
    ) {
        self.context = context
        let router = HTTPRouter()
        context.health.addRoutes(to: router, metrics: context.metrics)
        context.tracer.addRoutes(to: router, service: context.name, replica: context.replica)
        let policy = context.settings.value(ServiceKeys.origins).flatMap {
            $0.isEmpty ? nil : CORSPolicy(origins: $0)
        }
        if let policy { router.use(policy.middleware) }
        routes(APIRouter(router, log: context.log, metrics: context.metrics, tracer: context.tracer))
        var configuration = configuration
        configuration.trustedProxies = context.settings[ServiceKeys.trustedProxies]
        configuration.refusal = { Self.problem($0, policy) }
        configuration.bufferLimit = context.settings[ServiceKeys.bufferLimit] << 20
        server = HTTPServer(router, configuration)
        let log = context.log
        server.onExhausted = Self.warning {
            log.error(
                "http.descriptors_exhausted",
                ["connections": Loop.statistics.descriptors, "next": "raise ulimit -n"])
        }
        let budget = server.bufferBudget
        let megabytes = budget.limit >> 20
        budget.onExceeded = Self.warning {
            log.error(
                "http.buffers_exhausted",
                [
                    "megabytes": megabytes,
                    "next": "find the clients that do not read, or raise BUFFER_LIMIT_MB",
                ])
        }
        context.health.addCheck("http.buffers", isEssential: { false }, holds: { !budget.isExceeded })
        Self.addMetrics(of: server, context)
    }

    package func start() async throws {
        if let chain = context.settings[ServiceKeys.listenCertificate],
            let key = context.settings[ServiceKeys.listenKey]
        {
            certificate = try ServerCertificate(TLSIdentity(chain: chain, key: key), log: context.log)
        }
        let port = try await server.listen(on: context.listen, tls: certificate?.server)
        context.log.info("http.listening", ["host": context.listen.host, "port": port])
    }

    /// Leaves a quarter of the time to the services below.
    package func drain(until deadline: Instant) async {
        certificate?.stop()
        await server.drain(within: max(Loop.now.duration(to: deadline), .zero) * 3 / 4)
    }

    /// What the server itself refuses is answered as a handler's problem is.
    private static func problem(_ refusal: HTTPRefusal, _ policy: CORSPolicy?) -> HTTPResponse {
        let context = refusal.request.map { RequestContext($0) } ?? RequestContext(trace: .root())
        let problem = Problem(
            refusal.status, refusal.reason.prefix(1).uppercased() + refusal.reason.dropFirst() + ".")
        var response = problem.response(instance: refusal.request?.rawPath ?? "/", trace: context.trace)
        context.identify(&response)
        if let request = refusal.request { policy?.apply(to: &response, request) }
        return response
    }

    /// One line a minute.
    private static func warning(_ log: @escaping @Loop () -> Void) -> @Loop () -> Void {
        var next = Loop.now
        return {
            guard Loop.now >= next else { return }
            next = Loop.now + .seconds(60)
            log()
        }
    }

    /// The router's handlers retain the metrics, so these must not retain the server.
    private static func addMetrics(of server: HTTPServer, _ context: ServiceContext) {
        let metrics = context.metrics
        @Loop func statistics(_ server: HTTPServer?) -> HTTPServer.Statistics {
            server?.statistics ?? .init()
        }
        metrics.gauge("waybill_http_connections", "Open connections, WebSockets included.") { [weak server] in
            Double(statistics(server).connections)
        }
        metrics.gauge(
            "waybill_http_buffered_bytes", "Bytes held for clients: incomplete input, bodies, unread output."
        ) { [weak server] in
            Double(server?.bufferBudget.used ?? 0)
        }
        metrics.gauge("waybill_http_websockets", "Open WebSockets.") { [weak server] in
            Double(statistics(server).webSockets)
        }
        metrics.counter("waybill_http_connections_accepted_total", "Connections accepted.") { [weak server] in
            Double(statistics(server).accepted)
        }
        metrics.counter("waybill_http_connections_rejected_total", "Connections rejected by a limit.") {
            [weak server] in
            Double(statistics(server).rejected)
        }
        metrics.counter(
            "waybill_http_requests_refused_total", "Requests rejected before they reached a handler."
        ) {
            [weak server] in
            Double(statistics(server).refused)
        }
    }
}
