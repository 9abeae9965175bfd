import EventLoop
import JSON
import Testing

@testable import Waybill

@Suite struct FailoverPageTests {
    private func report(failure: String? = nil) -> FailoverReport {
        var timeline = Timeline(start: .systemNow())
        _ = timeline.note(.fault, "kill -9 <order-notification@5016> & co")
        timeline.sample([20, 20, 20], accepted: 0, refused: 0)
        timeline.disconnected(3)
        timeline.reconnected(3)
        timeline.disconnected(4)
        timeline.gap(5)
        timeline.arrivals = [
            .init(at: .milliseconds(10), took: .milliseconds(12), wireProtocol: .events, isQueried: false),
            .init(at: .milliseconds(20), took: .seconds(2), wireProtocol: .hub, isQueried: true),
        ]
        timeline.sample([20, 0, 39], accepted: 5, refused: 1)
        var row = FailoverReport.Row(wireProtocol: .events)
        (row.tabs, row.latencies) = (20, [.milliseconds(12)])
        return FailoverReport(
            timeline: timeline, replicas: ["a@1", "b@2", "c@3"], orders: 5, refused: 1, tabs: 60,
            failure: failure, rows: [row])
    }

    @Test func thePageIsSelfContained() throws {
        let html = FailoverReportPage(report()).html
        #expect(html.contains("<h1>The scenario held</h1>") && html.contains("<svg viewBox="))
        #expect(html.contains("kill -9 &lt;order-notification@5016&gt; &amp; co") && !html.contains("http"))
        for tag in ["svg", "table", "ol", "figure", "style", "html"] {
            #expect(html.components(of: "<\(tag)") == html.components(of: "</\(tag)>"), "\(tag)")
        }
        #expect(html.contains("class=\"away\"") && html.contains("gap notices"))
    }

    @Test func thePageShowsAFailure() {
        let report = report(failure: "the last update did not come")
        #expect(!report.held && report.json(page: nil)["held"]?.bool == false)
        #expect(FailoverReportPage(report).html.contains("the last update did not come"))
    }

    @Test func recordsAbsencesAndTheirLength() {
        var timeline = Timeline(start: .systemNow())
        timeline.disconnected(1)
        timeline.disconnected(1)
        timeline.reconnected(2)
        #expect(timeline.absences.count == 1 && timeline.longestAbsence(since: .zero) == nil)
        timeline.reconnected(1)
        #expect(timeline.longestAbsence(since: .zero) != nil)
        #expect(timeline.longestAbsence(since: .seconds(60)) == nil)
    }

    @Test(arguments: [(0.0, "0"), (12.04, "12"), (-0.5, "-0.5"), (999.96, "1000")])
    func formatsNumbersShort(_ value: Double, _ text: String) { #expect(SVG.number(value) == text) }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
