import EventLoop
import JSON
import Testing

@testable import Waybill

@Suite struct FailoverPageTests {
    private func report(failure: String? = nil) -> FailoverReport {
        var chronicle = Chronicle(start: .systemNow())
        _ = chronicle.note(.fault, "kill -9 <order-notification@5016> & co")
        chronicle.sample([20, 20, 20], accepted: 0, refused: 0)
        chronicle.left(3)
        chronicle.returned(3)
        chronicle.left(4)
        chronicle.gap(5)
        chronicle.arrivals = [
            .init(at: .milliseconds(10), took: .milliseconds(12), dialect: .events, isLearned: false),
            .init(at: .milliseconds(20), took: .seconds(2), dialect: .hub, isLearned: true),
        ]
        chronicle.sample([20, 0, 39], accepted: 5, refused: 1)
        var row = FailoverReport.Row(dialect: .events)
        (row.tabs, row.latencies) = (20, [.milliseconds(12)])
        return FailoverReport(
            chronicle: chronicle, replicas: ["a@1", "b@2", "c@3"], orders: 5, refused: 1, tabs: 60,
            failure: failure, rows: [row])
    }

    @Test func thePageIsOneSelfContainedDocument() throws {
        let html = FailoverPage(report()).html
        #expect(html.contains("<h1>The story held</h1>") && html.contains("<svg viewBox="))
        #expect(html.contains("kill -9 &lt;order-notification@5016&gt; &amp; co") && !html.contains("http"))
        for tag in ["svg", "table", "ol", "figure", "style", "html"] {
            #expect(html.components(of: "<\(tag)") == html.components(of: "</\(tag)>"), "\(tag)")
        }
        #expect(html.contains("class=\"away\"") && html.contains("told of a gap"))
    }

    @Test func aFailureIsSaid() {
        let report = report(failure: "the last update did not come")
        #expect(!report.held && report.json(page: nil)["held"]?.bool == false)
        #expect(FailoverPage(report).html.contains("the last update did not come"))
    }

    @Test func absencesHaveALength() {
        var chronicle = Chronicle(start: .systemNow())
        chronicle.left(1)
        chronicle.left(1)
        chronicle.returned(2)
        #expect(chronicle.absences.count == 1 && chronicle.longestAbsence(since: .zero) == nil)
        chronicle.returned(1)
        #expect(chronicle.longestAbsence(since: .zero) != nil)
        #expect(chronicle.longestAbsence(since: .seconds(60)) == nil)
    }

    @Test(arguments: [(0.0, "0"), (12.04, "12"), (-0.5, "-0.5"), (999.96, "1000")])
    func numbersAreShort(_ value: Double, _ text: String) { #expect(Picture.number(value) == text) }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
