import EventLoop

/// The report as one self-contained HTML page.
struct LoadReportPage {
    private let report: LoadReport
    private let library: ChartLibrary?

    /// - Parameter library: without it the page has tables alone, and says so.
    init(_ report: LoadReport, library: ChartLibrary? = ChartLibrary()) {
        self.report = report
        self.library = library
    }

    var html: String {
        let record = report.record
        let rows = [("answer (201)", record.answered), ("update in the tab", record.notified)].map {
            name, times in
            let cells =
                Percentiles(times).values?.map(Percentiles.text) ?? Percentiles.shares.map { _ in "–" }
            return "<tr><th scope=\"row\">\(name)</th>\(cells.map { "<td>\($0)</td>" }.joined())</tr>"
        }
        let refusals = record.refusals.sorted { $0.value > $1.value }.map {
            "<li>\($1) × \(Self.escape($0))</li>"
        }
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Waybill under load, \(report.at)</title>
            <style>\(Self.style)</style>
            <main>
            <h1>Waybill under load</h1>
            <p>\(report.at): \(report.plan.rate) orders a second of \(report.plan.users) users for \(report.plan.seconds) s, \
            at \(Self.escape(report.edge)). \(report.sentence)</p>
            <div class="wide" role="region" aria-label="Percentiles" tabindex="0"><table>
            <tr><th scope="col">milliseconds</th>\(Percentiles.shares.map { "<th scope=\"col\">\($0.name)</th>" }.joined())</tr>
            \(rows.joined(separator: "\n"))
            </table></div>
            \(refusals.isEmpty ? "" : "<h2>Refused</h2><ul>\(refusals.joined())</ul>")
            \(library?.html(charts) ?? "<p>Charts need the package libjs-dygraphs, which is not installed where this page was made.</p>")
            <p class="small">Times count from the moment an order was due, so waiting in the generator is part of them.</p>
            </main>
            </html>
            """
    }

    private var charts: [ReportChart] {
        let seconds = report.record.bySecond()
        let answers = seconds.map { $0.compactMap(Self.answer) }
        let updates = seconds.map { $0.compactMap(\.notified) }
        var rates = ReportChart(
            "Orders a second", x: "seconds", y: "orders", lines: ["due", "accepted", "notified"])
        for (second, orders) in seconds.enumerated() {
            rates.add(
                Double(second),
                [Double(orders.count), Double(answers[second].count), Double(updates[second].count)])
        }
        var shares = ReportChart("Share of orders by time", x: "ms", y: "%", lines: ["answer", "update"])
        for (line, times) in [report.record.answered, report.record.notified].enumerated() {
            for point in Self.distribution(times) {
                shares.add(point.time, (0..<2).map { $0 == line ? point.share : nil })
            }
        }
        return [
            Self.percentiles("Answers over time", answers), Self.percentiles("Updates over time", updates),
            rates, shares,
        ]
    }

    private static func answer(_ order: LoadRecord.Order) -> Duration? {
        if case .accepted(let time)? = order.outcome { time } else { nil }
    }

    private static func percentiles(_ title: String, _ seconds: [[Duration]]) -> ReportChart {
        var chart = ReportChart(title, x: "seconds", y: "ms", lines: Percentiles.shares.map(\.name))
        for (second, times) in seconds.enumerated() {
            chart.add(
                Double(second), Percentiles(times).values?.map { $0 } ?? Percentiles.shares.map { _ in nil })
        }
        return chart
    }

    /// A hundred points are enough for a chart; the slowest hundredth is only in the table.
    private static func distribution(_ times: [Duration]) -> [(time: Double, share: Double)] {
        let sorted = times.sorted()
        guard !sorted.isEmpty else { return [] }
        return (0...99).map { percent in
            (sorted[(sorted.count - 1) * percent / 100].seconds * 1000, Double(percent))
        }
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1d2126; --paper: #fff; --c0: #1668b8; --c1: #2e8540; --c2: #b35900; --c3: #a61b3f; --line: #c4c9cf; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #15181c; --c0: #6db3f2; --c1: #74c686; --c2: #f0a95b; --c3: #f07f9b; --line: #474d55; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; } th, td { padding: .2rem .9rem .2rem 0; text-align: right; }
        th:first-child { text-align: left; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .2rem; }
        .small { font-size: 12px; } .wide { overflow-x: auto; }
        """
}
