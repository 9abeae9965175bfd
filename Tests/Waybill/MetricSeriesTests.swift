import Testing

@testable import Waybill

@Suite struct MetricSeriesTests {
    @Test func parsesAnExposition() {
        let series = MetricSeries.parse(
            """
            # HELP a_total What it counts.
            # TYPE a_total counter
            a_total 3
            b_total{kind="x y",text="a\\"b\\\\c\\nd"} 1.5e-05
            c_seconds_bucket{le="+Inf"} 7
            d NaN
            """)
        #expect(series.map(\.name) == ["a_total", "b_total", "c_seconds_bucket", "d"])
        #expect(series.map(\.value) == ["3", "1.5e-05", "7", "NaN"])
        #expect(
            series[1].labels == [.init(name: "kind", value: "x y"), .init(name: "text", value: "a\"b\\c\nd")])
        #expect(series.map(\.isBucket) == [false, false, true, false])
        #expect(series[2].text == #"c_seconds_bucket{le="+Inf"}"#)
    }

    @Test(arguments: ["", "a", "{a=\"b\"} 1", "a{b} 1", "a{b=c} 1", "a b c 1", "a{b=\"c\" 1"])
    func leavesOutWhatIsNoSeries(line: String) {
        #expect(MetricSeries.parse(line).isEmpty)
    }

    @Test func readsALimitedNumber() {
        let many = (0..<MetricSeries.limit + 5).map { "a\($0) 1" }.joined(separator: "\n")
        #expect(MetricSeries.parse(many).count == MetricSeries.limit)
    }
}
