package import EventLoop
package import HTTP
package import Observability

/// Answers one request in its context; an error it throws becomes a problem document.
package typealias RequestHandler = @Loop (HTTPRequest, RequestContext) async throws -> HTTPResponse

/// Throws when a request is refused before its body is read.
package typealias RequestAdmission = @Loop (HTTPRequest) async throws -> Void

/// Routes of an HTTP API. Gives each request a trace and an id, counts and times it by route, logs it at
/// debug, and turns errors into problem documents.
///
/// ```swift
/// router.on(.get, "/api/orders/{id}") { request, context in … }
/// ```
@Loop package final class APIRouter {
    /// For routes without this middleware, such as health.
    package let router: HTTPRouter
    private let metrics: Metrics
    private let middleware: RequestMiddleware
    private let admission: RequestAdmission?

    private init(admitting admission: @escaping RequestAdmission, _ other: APIRouter) {
        router = other.router
        metrics = other.metrics
        middleware = other.middleware
        self.admission = admission
    }

    /// The same router for routes whose requests are refused before their body is read, when it has not arrived with the
    /// head and `admission` throws. The handler must check the same, since `admission` is not asked about others.
    package func admitting(_ admission: @escaping RequestAdmission) -> APIRouter {
        APIRouter(admitting: admission, self)
    }

    package init(_ router: HTTPRouter, log: Logger, metrics: Metrics, tracer: Tracer = Tracer()) {
        self.router = router
        self.metrics = metrics
        admission = nil
        middleware = RequestMiddleware(log, metrics, tracer)
        let unmatched = RouteMetrics(metrics, method: "any", route: "unmatched")
        router.notFound = middleware.wrap(unmatched) { _, _ in throw Problem(.notFound) }
        router.methodNotAllowed = middleware.wrap(unmatched) { _, _ in throw Problem(.methodNotAllowed) }
    }

    /// - Parameter bodyLimit: in bytes; nil for the server's.
    package func on(
        _ method: HTTPMethod, _ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping RequestHandler
    ) {
        let series = RouteMetrics(metrics, method: method.name, route: pattern)
        router.on(
            method, pattern, bodyLimit: bodyLimit, admit: admission.map { middleware.wrap(series, $0) },
            middleware.wrap(series, handler))
    }
}

/// The middleware of all routes. Separate from ``APIRouter`` to avoid a retain cycle: the router retains the
/// handlers, which retain this.
@Loop private final class RequestMiddleware {
    private let log: Logger
    private let inFlight: Gauge
    private let tracer: Tracer

    init(_ log: Logger, _ metrics: Metrics, _ tracer: Tracer) {
        self.log = log
        self.tracer = tracer
        inFlight = metrics.gauge("waybill_http_requests_in_flight", "HTTP requests being handled.")
    }

    func wrap(_ series: RouteMetrics, _ handler: @escaping RequestHandler) -> HTTPHandler {
        { [self] request in
            let begin = Instant.systemNow()
            let context = RequestContext(request, tracer)
            inFlight.add(1)
            var response: HTTPResponse
            do {
                response = try await handler(request, context)
            } catch {
                response = problem(for: error, context).response(
                    instance: request.rawPath, trace: context.trace)
            }
            inFlight.add(-1)
            context.identify(&response)
            let took = begin.duration(to: .systemNow())
            series.record(response.status, took)
            if tracer.exports(context.trace) {
                tracer.record(series.span(context.trace, response.status, from: begin))
            }
            log.debug(
                "http.request",
                [
                    "method": request.method.name, "target": Redaction.target(request.rawTarget),
                    "status": response.status.code, "ms": took, "client": request.clientAddress?.description,
                    "requestId": context.id,
                ], trace: context.trace)
            return response
        }
    }

    func wrap(_ series: RouteMetrics, _ admit: @escaping RequestAdmission) -> HTTPAdmission {
        { [self] request in
            do {
                try await admit(request)
                return nil
            } catch {
                return await wrap(series) { _, _ in throw error }(request)
            }
        }
    }

    private func problem(for error: any Error, _ context: RequestContext) -> Problem {
        if let problem = error as? Problem { return problem }
        // The client disconnected, or the request's time limit has passed: not an error of the handler.
        if error is CancellationError { return .unavailable() }
        log.error(
            "http.handler_failed", ["error": "\(error)", "requestId": context.id], trace: context.trace)
        return Problem(.internalServerError)
    }
}
