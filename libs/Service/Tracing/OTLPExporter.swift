package import EventLoop
package import HTTP
package import Observability

/// Sends sampled spans to a collector in batches, beside all other work: when the collector is away or slow, spans are
/// dropped and counted, and nothing waits.
@Loop
package final class OTLPExporter: SpanSink, Service {
    package struct Limits: Sendable {
        /// Spans of one request.
        package var batch = 512
        /// Spans that wait; more are dropped.
        package var queue = 4096
        package var interval = Duration.seconds(2)
        package var timeout = Duration.seconds(5)
        /// Attempts of one batch.
        package var attempts = 4

        package init() {}
    }

    private let url: String
    private let client: HTTPClient
    private let headers: HTTPHeaders
    private let document: OTLPDocument
    private let limits: Limits
    private let log: Logger
    private let exported: Counter
    private let dropped: Counter
    private var waiting: [TraceSpan] = []
    private let isFull = AsyncSignal()
    private var nextReport = Loop.now

    /// - Parameter endpoint: without `/v1/traces`.
    package init(
        to endpoint: String, _ client: HTTPClient, headers: HTTPHeaders = HTTPHeaders(),
        document: OTLPDocument,
        limits: Limits = Limits(), log: Logger, metrics: Metrics
    ) {
        url = (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/v1/traces"
        self.client = client
        self.headers = headers
        self.document = document
        self.limits = limits
        self.log = log
        let text = "Sampled spans, by what became of them."
        exported = metrics.counter("waybill_trace_spans_total", text, labels: ["result": "exported"])
        dropped = metrics.counter("waybill_trace_spans_total", text, labels: ["result": "dropped"])
    }

    package func receive(_ span: TraceSpan) {
        guard waiting.count < limits.queue else { return dropped.increment() }
        waiting.append(span)
    }

    package func run() async throws {
        while true {
            try await Loop.sleep(for: limits.interval)
            await flush(attempts: limits.attempts)
        }
    }

    package func drain(until deadline: Instant) async { await flush(attempts: 1) }

    private func flush(attempts: Int) async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(limits.batch))
            waiting.removeFirst(batch.count)
            let body = document.encode(batch)
            var failure: String?
            var left = attempts
            await Loop.retry(Backoff(base: .milliseconds(250), cap: .seconds(4))) { _ in
                left -= 1
                let answer = await send(body)
                failure = answer.failure
                return failure == nil || left <= 0 || !answer.mayRepeat
            }
            guard let failure else {
                exported.increment(by: UInt64(batch.count))
                continue
            }
            dropped.increment(by: UInt64(batch.count))
            report(failure)
            return
        }
    }

    private func send(_ body: [UInt8]) async -> (failure: String?, mayRepeat: Bool) {
        do throws(HTTPError) {
            let answer = try await client.post(
                url, contentType: "application/json", body, headers: headers, within: limits.timeout)
            if answer.status.isSuccess { return (nil, false) }
            // As OTLP/HTTP has it: these alone may be repeated.
            return (
                "the collector answered \(answer.status.code)",
                [429, 502, 503, 504].contains(answer.status.code)
            )
        } catch {
            return (error.message, true)
        }
    }

    /// One line a minute.
    private func report(_ failure: String) {
        guard Loop.now >= nextReport else { return }
        nextReport = Loop.now + .seconds(60)
        log.warning(
            "traces.export_failed",
            ["error": failure, "next": "check the collector of OTEL_EXPORTER_OTLP_ENDPOINT"])
    }
}
