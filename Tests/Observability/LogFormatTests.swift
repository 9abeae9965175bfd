import EventLoop
import JSON
import Testing

@testable import Observability

@Loop @Suite struct LogFormatTests {
    let output = RecordingOutput()

    private func logger(_ format: LogFormat, level: LogLevel = .info, limit: Int = 1 << 16) -> Logger {
        let origin = LogOrigin(service: "order-accept", replica: "order-accept@8081")
        return Logger(
            sink: LogSink(origin: origin, format: format, output: output, limit: limit), level: level)
    }

    @Test func jsonLinesHaveTheContractsFields() throws {
        let log = logger(.json)
        let trace = TraceContextTests.example
        log.info(
            "order.accepted",
            [
                "orderId": 42, "ratio": 0.5, "ok": true, "name": "a\"\n\u{1b}", "none": String?.none,
                "key": "x",
            ],
            cid: "c-1", trace: TraceContext(traceparent: trace))
        log.sink.flush()
        let text = try #require(output.lines.first)
        let line = try JSONValue(parsing: text)
        #expect(
            line.members?.map(\.key) == [
                "ts", "level", "key", "service", "replica", "cid", "trace", "span", "orderId", "ratio", "ok",
                "name", "none", "key_",
            ])
        #expect(line["level"] == "info" && line["key"] == "order.accepted")
        #expect(line["service"] == "order-accept" && line["replica"] == "order-accept@8081")
        #expect(line["cid"] == "c-1" && line["trace"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(line["span"] == "00f067aa0ba902b7" && line["orderId"]?.int == 42)
        #expect(
            line["name"] == "a\"\n\u{1b}" && line["none"] == nil as JSONValue? || line["none"]?.isNull == true
        )
        let time = try #require(line["ts"]?.string)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test func textLinesQuoteControlCharactersAndSpaces() throws {
        let log = logger(.text(colours: false))
        log.warning(
            "redis.lost",
            ["host": "127.0.0.1:6379", "detail": "two words\nx\u{1b}[2J", "empty": "", "ms": 3],
            cid: "c-1")
        log.sink.flush()
        let text = try #require(output.lines.first)
        #expect(
            text.dropFirst(13)
                == #"WARNING  redis.lost cid=c-1 host=127.0.0.1:6379 detail="two words\nx\u001b[2J" empty="" ms=3"#
        )
    }

    @Test func coloursTextLinesOnRequest() throws {
        let log = logger(.text(colours: true))
        log.error("a.b", ["x": 1])
        #expect(try #require(output.lines.first).contains("\u{1b}[31mERROR\u{1b}[0m"))
    }

    @Test func disabledLevelsDoNotEvaluateFields() {
        let log = logger(.json, level: .info)
        func recordEvaluation() -> Int {
            Issue.record("evaluated")
            return 0
        }
        log.debug("a.b", ["x": recordEvaluation()])
        log.info("c.d")
        log.sink.flush()
        #expect(output.lines.count == 1)
        #expect(LogLevel.trace < .debug && LogLevel.error < .critical)
    }

    @Test func truncatesLongStringsAtACharacterBoundary() throws {
        let log = logger(.json)
        log.info("a.b", ["x": String(repeating: "é", count: 5000)])
        log.sink.flush()
        let line = try JSONValue(parsing: try #require(output.lines.first))
        #expect(line["x"]?.string == String(repeating: "é", count: 1024) + "…")
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_795_191_840_123, "2026-11-20T16:24:00.123Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (-86_400_000, "1969-12-31T00:00:00.000Z"),
    ])
    func formatsTimestampsAsRFC3339(milliseconds: Int64, text: String) {
        #expect(RFC3339(milliseconds: milliseconds).description == text)
    }
}
