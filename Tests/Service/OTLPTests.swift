import Bytes
import EventLoop
import HTTP
import JSON
import Observability
import TestSupport
import Testing

@testable import Service

/// A collector that keeps what it is sent, and answers as told.
@Loop
private final class Collector {
    private(set) var requests: [(headers: [String?], document: JSONValue)] = []
    var statuses: [HTTPStatus] = []
    private var server: HTTPServer?
    private(set) var url = ""

    func start() async throws {
        let router = HTTPRouter()
        router.on(.post, "/v1/traces") { [unowned self] request in
            let body = request.body
            requests.append(
                (
                    [request.headers["Content-Type"], request.headers["api-key"]],
                    (try? JSONValue(parsing: body.span)) ?? .null
                ))
            return HTTPResponse(statuses.isEmpty ? .ok : statuses.removeFirst())
        }
        let server = HTTPServer(router)
        self.server = server
        url = "http://127.0.0.1:\(try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0)))"
    }

    func stop() async { await server?.drain(within: .seconds(1)) }

    var spans: [JSONValue] {
        requests.flatMap { $0.document["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.array ?? [] }
    }
}

@Loop @Suite(.onLoop, .timeLimit(.minutes(1))) struct OTLPTests {
    private let record = Record()
    private let metrics = Metrics()
    private let collector = Collector()

    private func exporter(_ limits: OTLPExporter.Limits = .init(), _ url: String? = nil) -> OTLPExporter {
        OTLPExporter(
            to: url ?? collector.url, HTTPClient(), headers: ["api-key": "secret"],
            document: OTLPDocument(service: "order-accept", replica: "a@1"), limits: limits, log: record.log,
            metrics: metrics)
    }

    private func span(_ name: String = "push", links: [TraceContext] = []) -> TraceSpan {
        TraceSpan(
            TracedOperation(
                name, .producer, [.init("system", .text("s"))], keys: ["waybill.attempt", "text", "no"]),
            TraceContext.root().child(), of: UUID("0197a3f2-5b1c-7d4e-8f60-123456789abc"), from: .systemNow(),
            .number(2), .text("a \"b\""), error: "refused", links: links)
    }

    private func count(_ result: String) -> Bool {
        let series = "waybill_trace_spans_total{result=\"\(result)\"} "
        return String(decoding: metrics.exposition(), as: UTF8.self).split(separator: "\n").contains {
            $0.hasPrefix(series) && !$0.hasSuffix(" 0")
        }
    }

    @Test func aSpanIsWrittenAsOTLPHasIt() throws {
        let link = TraceContext.root()
        let span = span(links: [link])
        let document = try JSONValue(
            parsing: OTLPDocument(service: "order-accept", replica: "a@1").encode([span]).span)
        let resource = document["resourceSpans"]?[0]
        let attributes = resource?["resource"]?["attributes"]?.array ?? []
        #expect(
            attributes.contains {
                $0["key"] == "service.name" && $0["value"]?["stringValue"] == "order-accept"
            })
        let written = try #require(resource?["scopeSpans"]?[0]?["spans"]?[0])
        #expect(written["traceId"]?.string == span.trace.traceID.description)
        #expect(written["spanId"]?.string == span.trace.spanID.description)
        #expect(written["parentSpanId"]?.string == span.trace.parentID?.description)
        #expect(written["kind"]?.int == 4)
        #expect(written["attributes"]?[1]?["value"]?["intValue"] == "2")
        #expect(written["attributes"]?[2]?["value"]?["stringValue"] == "a \"b\"")
        #expect(written["status"]?["code"]?.int == 2)
        #expect(written["links"]?[0]?["traceId"]?.string == link.traceID.description)
        let (start, end) = (
            try #require(written["startTimeUnixNano"]?.string.flatMap { Int64($0) }),
            try #require(written["endTimeUnixNano"]?.string.flatMap { Int64($0) })
        )
        #expect(start <= end)
        #expect(abs(end - WallClock.nanoseconds()) < 60_000_000_000)
    }

    @Test func sendsBatchesWithTheHeaders() async throws {
        try await collector.start()
        var limits = OTLPExporter.Limits()
        limits.batch = 2
        let exporter = exporter(limits, collector.url + "/")
        for _ in 0..<5 { exporter.receive(span()) }
        await exporter.drain(until: Loop.now + .seconds(5))
        #expect(collector.requests.count == 3)
        #expect(collector.spans.count == 5)
        #expect(collector.requests.allSatisfy { $0.headers == ["application/json", "secret"] })
        #expect(count("exported"))
        await collector.stop()
    }

    @Test func aCollectorThatIsBusyIsAskedAgain() async throws {
        try await collector.start()
        collector.statuses = [.serviceUnavailable, .ok]
        var limits = OTLPExporter.Limits()
        limits.interval = .milliseconds(10)
        let exporter = exporter(limits)
        exporter.receive(span())
        let running = Loop.task { try? await exporter.run() }
        try await eventually("the second request") { collector.requests.count == 2 && count("exported") }
        running.cancel()
        #expect(!count("dropped"))
        await collector.stop()
    }

    @Test func whatTheCollectorRefusesIsDroppedAndSaid() async throws {
        try await collector.start()
        collector.statuses = [.badRequest]
        let exporter = exporter()
        exporter.receive(span())
        await exporter.drain(until: Loop.now + .seconds(5))
        #expect(collector.requests.count == 1)
        #expect(count("dropped"))
        #expect(record.text.contains("traces.export_failed") && record.text.contains("400"))
        await collector.stop()
    }

    @Test func aFullQueueDropsWhatIsNew() async throws {
        try await collector.start()
        var limits = OTLPExporter.Limits()
        limits.queue = 3
        let exporter = exporter(limits)
        for number in 0..<5 { exporter.receive(span("\(number)")) }
        await exporter.drain(until: Loop.now + .seconds(5))
        #expect(collector.spans.compactMap { $0["name"]?.string } == ["0", "1", "2"])
        #expect(count("dropped"))
        await collector.stop()
    }

    @Test(arguments: [
        ("a=1", [["a", "1"]]), ("a=1,b-c=x%20y", [["a", "1"], ["b-c", "x y"]]), ("a = 1 ", [["a", "1"]]),
        ("authorization=Basic dXNlcjpwYXNz=", [["authorization", "Basic dXNlcjpwYXNz="]]),
    ]) func headersAreReadFromTheSetting(text: String, fields: [[String]]) throws {
        #expect(try #require(HeaderList(text)).fields.map { [$0.name, $0.value] } == fields)
    }

    @Test(arguments: ["a", "=1", "a=%", "a=%0d%0ab", "a b=1", "a=\u{e9}"])
    func aListThatIsNoneIsRefused(text: String) { #expect(HeaderList(text) == nil) }

    @Test func aReplicaTellsTheSpansOfAnOrder() async throws {
        let tracer = Tracer()
        let router = HTTPRouter()
        tracer.addRoutes(to: router, service: "order-accept", replica: "a@1")
        let span = span("accept order")
        tracer.record(span)
        let response = await router.respond(
            to: HTTPRequest(.get, "/traces/\(try #require(span.correlationID))"))
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no body")
            return
        }
        let document = try JSONValue(parsing: bytes.span)
        #expect(document["replica"] == "a@1")
        #expect(document["rememberedSince"] == nil)
        #expect(document["spans"]?.array?.count == 1)
        #expect(document["spans"]?[0]?["attributes"]?["waybill.attempt"]?.int == 2)
        #expect(document["spans"]?[0]?["error"] == "refused")
        let start = try #require(document["spans"]?[0]?["start"]?.int)
        #expect(abs(Int64(start) * 1000 - WallClock.nanoseconds()) < 60_000_000_000)
    }
}
