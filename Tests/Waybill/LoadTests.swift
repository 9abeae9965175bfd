import EventLoop
import Testing

@testable import Waybill

@Suite struct LoadTests {
    @Test func ordersAreEvenlySpaced() throws {
        let plan = try LoadPlan(rate: 400, users: 3, seconds: 2)
        #expect(plan.orders == 800)
        #expect(plan.due(0) == .zero && plan.due(1) == .microseconds(2500) && plan.due(800) == .seconds(2))
    }

    @Test func aRunIsBounded() {
        let failure = #expect(throws: CommandError.self) {
            try LoadPlan(rate: 2000, users: 1, seconds: 600)
        }
        #expect(failure?.code == .usage)
    }

    @Test func percentilesAreInMilliseconds() {
        #expect(Percentiles((1...1000).map { .milliseconds($0) }).values == [501, 901, 991, 1000])
        #expect(Percentiles([.microseconds(1234)]).text == "p50 1.23  p90 1.23  p99 1.23  max 1.23")
        #expect(Percentiles([]).text == "-")
    }

    private func record() -> LoadRecord {
        var record = LoadRecord()
        for number in 0..<5 {
            let order = record.begin(due: .milliseconds(number * 400))
            if number == 3 {
                record.settle(order, .refused("503 <away>"))
            } else {
                record.settle(order, .accepted(after: .milliseconds(number + 1)))
                record.recordNotified(order, after: .milliseconds(10))
                record.recordNotified(order, after: .milliseconds(99))
            }
        }
        return record
    }

    @Test func countsOrdersOnce() {
        let record = record()
        #expect(record.acceptedCount == 4 && record.notifiedCount == 4 && record.refusedCount == 1)
        #expect(record.answered == [1, 2, 3, 5].map { .milliseconds($0) })
        #expect(record.notified == Array(repeating: .milliseconds(10), count: 4))
        #expect(record.bySecond().map(\.count) == [3, 2])
    }

    @Test func thePageIsSelfContainedAndEscaped() throws {
        let plan = try LoadPlan(rate: 2, users: 1, seconds: 3)
        let report = LoadReport(
            plan: plan, record: record(), edge: "http://127.0.0.1:8080", at: "2026-11-20T10:11:12.000Z")
        #expect(report.fileName == "2026-11-20T10-11-12.html")
        #expect(!report.isClean)
        #expect(report.sentence.contains("4 accepted, 1 refused"))
        // The library is of the machine that makes the page.
        #expect(LoadReportPage(report, library: nil).html.contains("libjs-dygraphs"))
        let library = try #require(ChartLibrary())
        let html = LoadReportPage(report, library: library).html.replacing(library.script, with: "")
        for title in ["Answers over time", "Updates over time", "Orders a second", "Share of orders by time"]
        {
            #expect(html.contains("\"title\":\"\(title)\""))
        }
        #expect(html.contains("1 × 503 &lt;away&gt;") && !html.contains("<away>"))
        #expect(!html.contains("src=") && !html.contains("href="))
        #expect(!html.contains("nan") && !html.contains("inf"))
    }
}
