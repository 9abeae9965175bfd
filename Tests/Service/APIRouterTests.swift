import EventLoop
import HTTP
import JSON
import Observability
import Testing

@testable import Service

@Loop @Suite struct APIRouterTests {
    let router = HTTPRouter()
    let metrics = Metrics()
    let record = Record()
    let api: APIRouter

    init() { api = APIRouter(router, log: record.log, metrics: metrics) }

    static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func json(_ response: HTTPResponse) throws -> JSONValue {
        guard case .bytes(let bytes) = response.body else { throw Unexpected() }
        return try JSONValue(parsing: bytes.span)
    }

    private func series(_ text: String) -> Bool {
        String(decoding: metrics.exposition(), as: UTF8.self).split(separator: "\n").contains { $0 == text }
    }

    @Test func continuesTheCallersTrace() async throws {
        api.on(.get, "/x") { _, context in
            #expect(context.trace.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(context.trace.spanID.description != "00f067aa0ba902b7")
            #expect(context.trace.state == "a=1,b=2")
            return HTTPResponse(.ok)
        }
        var headers: HTTPHeaders = ["traceparent": Self.parent, "tracestate": "a=1", "X-Request-Id": "r-1"]
        headers.add("tracestate", "b=2")
        let response = await router.respond(to: HTTPRequest(.get, "/x", headers: headers))
        #expect(response.headers["traceparent"]?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
        #expect(response.headers["X-Request-Id"] == "r-1")
    }

    @Test func startsATraceForARequestWithoutOne() async throws {
        api.on(.get, "/x") { _, _ in HTTPResponse(.ok) }
        var twice: HTTPHeaders = ["traceparent": Self.parent, "X-Request-Id": "a b"]
        twice.add("traceparent", Self.parent)
        for headers in [[:], ["traceparent": "junk"], twice] as [HTTPHeaders] {
            let response = await router.respond(to: HTTPRequest(.get, "/x", headers: headers))
            let context = try #require(TraceContext(traceparent: response.headers["traceparent"] ?? ""))
            #expect(context.traceID.description != "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(response.headers["X-Request-Id"] == context.traceID.description)
        }
    }

    @Test func problemsCarryTheTraceAndThePath() async throws {
        api.on(.get, "/api/orders/{id}") { _, _ in
            throw Problem.validation([("items[0].quantity", ["Quantity must be greater than 0."])])
        }
        let request = HTTPRequest(.get, "/api/orders/7?x=1", headers: ["traceparent": Self.parent])
        let response = await router.respond(to: request)
        let problem = try json(response)
        #expect(response.status == .badRequest)
        #expect(response.headers["Content-Type"] == "application/problem+json")
        #expect(problem.members?.map(\.key) == ["type", "title", "status", "instance", "traceId", "errors"])
        #expect(problem["title"] == "One or more validation errors occurred.")
        #expect(problem["instance"] == "/api/orders/7")
        #expect(problem["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(problem["errors"]?["items[0].quantity"]?[0] == "Quantity must be greater than 0.")
    }

    /// RFC 9457, section 3.1.5: a URI reference, in which a decoded `?` would begin a query.
    @Test func theInstanceOfAProblemIsEncodedAsTheRequestWas() async throws {
        api.on(.get, "/x/{id}") { _, _ in throw Problem(.notFound, "") }
        let problem = try json(await router.respond(to: HTTPRequest(.get, "/x/%3Fa%20%22?b=1")))
        #expect(problem["instance"] == "/x/%3Fa%20%22")
    }

    @Test func logsAnUnmappedErrorAndHidesItFromTheClient() async throws {
        api.on(.get, "/x") { _, _ in throw Unexpected() }
        let response = await router.respond(to: HTTPRequest(.get, "/x"))
        #expect(response.status == .internalServerError)
        let problem = try json(response)
        #expect(!problem.text.contains("hunter2") && problem["detail"] == nil)
        #expect(record.keys.contains("http.handler_failed"))
    }

    @Test func countsRequestsByRoute() async throws {
        api.on(.get, "/api/orders/{id}") { request, _ in
            HTTPResponse(request.parameter("id") == "1" ? .ok : .notFound)
        }
        for path in ["/api/orders/1", "/api/orders/1", "/api/orders/2", "/nowhere"] {
            _ = await router.respond(to: HTTPRequest(.get, path))
        }
        let missing = await router.respond(to: HTTPRequest(.post, "/api/orders/1"))
        #expect(missing.status == .methodNotAllowed && missing.headers["Allow"]?.contains("GET") == true)
        #expect(series(#"waybill_http_requests_total{method="GET",route="/api/orders/{id}",status="200"} 2"#))
        #expect(series(#"waybill_http_requests_total{method="GET",route="/api/orders/{id}",status="404"} 1"#))
        for status in [404, 405] {
            let labels = "method=\"any\",route=\"unmatched\",status=\"\(status)\""
            #expect(series("waybill_http_requests_total{\(labels)} 1"))
        }
        #expect(series(#"waybill_http_request_seconds_count{method="GET",route="/api/orders/{id}"} 3"#))
        #expect(series("waybill_http_requests_in_flight 0"))
    }

    @Test func theAccessLogHidesTokens() async {
        api.on(.get, "/ws") { _, _ in HTTPResponse(.ok) }
        _ = await router.respond(to: HTTPRequest(.get, "/ws?access_token=hunter2&x=1"))
        #expect(record.keys == ["http.request"])
        #expect(
            !record.text.contains("hunter2") && record.text.contains("access_token=<redacted>&x=<redacted>"))
    }

    struct Unexpected: Error, CustomStringConvertible { let description = "password hunter2" }
}
