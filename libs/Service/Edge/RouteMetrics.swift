internal import EventLoop
internal import HTTP
internal import Observability

/// The series and spans of one route; the series are resolved when the route is added.
@Loop final class RouteMetrics {
    private let method: String
    private let route: String
    private let operation: TracedOperation
    private let metrics: Metrics
    /// By status; each is registered with its first response, and services answer few of them.
    private var counters: [Int: Counter] = [:]
    private let duration: Histogram

    init(_ metrics: Metrics, method: String, route: String) {
        self.method = method
        self.route = route
        operation = TracedOperation(
            "\(method) \(route)", .server,
            [.init("http.request.method", .text(method)), .init("http.route", .text(route))],
            keys: ["http.response.status_code"])
        self.metrics = metrics
        duration = metrics.histogram(
            "waybill_http_request_seconds", "From the whole request to the handler's response.",
            labels: ["method": method, "route": route])
    }

    func span(_ trace: TraceContext, _ status: HTTPStatus, from start: Instant) -> TraceSpan {
        TraceSpan(
            operation, trace, from: start, .number(status.code),
            error: status.code >= 500 ? "status \(status.code)" : nil)
    }

    func record(_ status: HTTPStatus, _ took: Duration) {
        let counter = counters[status.code] ?? counter(of: status)
        counter.increment()
        duration.observe(took)
    }

    private func counter(of status: HTTPStatus) -> Counter {
        let counter = metrics.counter(
            "waybill_http_requests_total", "HTTP requests answered.",
            labels: ["method": method, "route": route, "status": "\(status.code)"])
        counters[status.code] = counter
        return counter
    }
}
