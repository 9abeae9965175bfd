import EventLoop
import Observability
import Testing

@Loop @Suite struct MetricsTests {
    private func parsed(_ metrics: Metrics) throws -> ExpositionParser {
        try ExpositionParser(String(decoding: metrics.exposition(), as: UTF8.self))
    }

    @Test func exposesCountersAndGauges() throws {
        let metrics = Metrics()
        let ok = metrics.counter("orders_total", "Orders.", labels: ["result": "ok"])
        metrics.counter("orders_total", "Orders.", labels: ["result": "failed"]).increment(by: 3)
        ok.increment()
        ok.increment()
        let gauge = metrics.gauge("connections", "Open connections.")
        gauge.value = 5
        gauge.add(-1.5)
        metrics.gauge("depth", "Depth.") { gauge.value * 2 }

        let text = try parsed(metrics)
        #expect(text.value("orders_total", ["result": "ok"]) == 2)
        #expect(text.value("orders_total", ["result": "failed"]) == 3)
        #expect(text.value("connections") == 3.5)
        #expect(text.value("depth") == 7)
        #expect(text.families["orders_total"] == "counter")
    }

    @Test func returnsTheSameInstrumentForTheSameLabels() {
        let metrics = Metrics()
        let first = metrics.counter("a_total", "A.", labels: ["x": "1"])
        #expect(metrics.counter("a_total", "A.", labels: ["x": "1"]) === first)
        #expect(metrics.counter("a_total", "A.", labels: ["x": "2"]) !== first)
    }

    @Test func histogramsAreCumulative() throws {
        let metrics = Metrics()
        let histogram = metrics.histogram("wait_seconds", "Wait.", labels: ["q": "a"], bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 1, 3] { histogram.observe(value) }
        histogram.observe(.milliseconds(250))

        let text = try parsed(metrics)
        #expect(text.value("wait_seconds_bucket", ["q": "a", "le": "0.1"]) == 2)
        #expect(text.value("wait_seconds_bucket", ["q": "a", "le": "1"]) == 5)
        #expect(text.value("wait_seconds_bucket", ["q": "a", "le": "+Inf"]) == 6)
        #expect(text.value("wait_seconds_count", ["q": "a"]) == 6)
        let sum = try #require(text.value("wait_seconds_sum", ["q": "a"]))
        #expect(abs(sum - 4.9) < 1e-9)
    }

    @Test func escapesLabelValuesAndHelp() throws {
        let metrics = Metrics()
        let value = "a\"b\\c\nd\\n{},=é"
        metrics.counter("odd_total", "Line one\nline \\two \"quoted\"", labels: ["v": value]).increment()
        let text = try parsed(metrics)
        #expect(text.value("odd_total", ["v": value]) == 1)
        #expect(text.help["odd_total"] == "Line one\nline \\two \"quoted\"")
    }

    @Test func formatsSpecialAndExtremeValues() throws {
        let metrics = Metrics()
        for (name, value) in [
            ("nan", Double.nan), ("up", .infinity), ("down", -.infinity), ("big", 1e300), ("small", 1e-300),
            ("whole", 9_007_199_254_740_992), ("zero", -0.0),
        ] { metrics.gauge(name, "G.").value = value }
        let text = try parsed(metrics)
        #expect(text.value("nan")?.isNaN == true)
        #expect(text.value("up") == .infinity)
        #expect(text.value("down") == -.infinity)
        #expect(text.value("big") == 1e300)
        #expect(text.value("small") == 1e-300)
        #expect(text.value("whole") == 9_007_199_254_740_992)
        #expect(text.value("zero") == 0)
    }

    @Test func exposesProcessMetrics() throws {
        let metrics = Metrics()
        metrics.addProcessMetrics()
        let text = try parsed(metrics)
        #expect(try #require(text.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(text.value("process_resident_memory_bytes")) > 1_000_000)
        #expect(try #require(text.value("process_open_fds")) >= 3)
        #expect(try #require(text.value("process_max_fds")) >= 64)
        let start = try #require(text.value("process_start_time_seconds"))
        let now = Double(RFC3339.now().milliseconds) / 1000
        #expect(start > now - 86_400 && start < now + 2)
    }

    @Test func exposesLoopMetrics() throws {
        let metrics = Metrics()
        metrics.addLoopMetrics()
        #expect(try #require(parsed(metrics).value("waybill_loop_turns_total")) > 0)
    }

    @Test func rejectsConflictingAndInvalidNames() async {
        await #expect(processExitsWith: .failure) { @Loop in
            let metrics = Metrics()
            _ = metrics.counter("a_total", "A.")
            _ = metrics.gauge("a_total", "A.")
        }
        await #expect(processExitsWith: .failure) { @Loop in
            _ = Metrics().counter("a b", "A.")
        }
    }

    @Test func openMetricsIsWrittenWhereItIsAskedFor() {
        let metrics = Metrics()
        metrics.counter("waybill_things_total", "Things of a \"kind\".", labels: ["kind": "a"]).increment()
        metrics.histogram("waybill_thing_seconds", "Time.", bounds: [0.5, 1]).observe(0.7)
        let format = PrometheusText.Format(
            accepting: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
        #expect(format.contentType.hasPrefix("application/openmetrics-text; version=1.0.0"))
        let lines = String(decoding: metrics.exposition(format), as: UTF8.self).split(separator: "\n")
        #expect(lines.contains("# TYPE waybill_things counter"))
        #expect(lines.contains(#"# HELP waybill_things Things of a \"kind\"."#))
        #expect(lines.contains(#"waybill_things_total{kind="a"} 1"#))
        #expect(lines.contains(#"waybill_thing_seconds_bucket{le="1.0"} 1"#))
        #expect(lines.last == "# EOF")
        let plain = String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(plain.contains("# TYPE waybill_things_total counter") && !plain.contains("# EOF"))
        #expect(PrometheusText.Format(accepting: "text/plain").contentType.hasPrefix("text/plain"))
    }
}
