import EventLoop

/// The report as one self-contained HTML page.
struct LoadReportPage {
    private let report: LoadReport

    init(_ report: LoadReport) { self.report = report }

    var html: String {
        let record = report.record
        let rows = [("answer (201)", record.answered), ("update in the tab", record.notified)].map {
            name, times in
            let cells =
                Percentiles(times).values?.map(Percentiles.text) ?? Percentiles.shares.map { _ in "–" }
            return "<tr><th>\(name)</th>\(cells.map { "<td>\($0)</td>" }.joined())</tr>"
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
            <h1>Waybill under load</h1>
            <p>\(report.at): \(report.plan.rate) orders a second of \(report.plan.users) users for \(report.plan.seconds) s, \
            at \(Self.escape(report.edge)). \(report.sentence)</p>
            <table>
            <tr><th>milliseconds</th>\(Percentiles.shares.map { "<th>\($0.name)</th>" }.joined())</tr>
            \(rows.joined(separator: "\n"))
            </table>
            \(refusals.isEmpty ? "" : "<h2>Refused</h2><ul>\(refusals.joined())</ul>")
            \(charts.map { "<h2>\($0.title)</h2>\n\($0.chart.svg)" }.joined(separator: "\n"))
            <p class="small">Times count from the moment an order was due, so waiting in the generator is part of them.</p>
            </html>
            """
    }

    private var charts: [(title: String, chart: LineChart)] {
        let seconds = report.record.bySecond()
        let answers = seconds.map { $0.compactMap(Self.answer) }
        let updates = seconds.map { $0.compactMap(\.notified) }
        return [
            (
                "Answers over time",
                LineChart(x: "seconds", y: "ms", Self.percentiles(answers))
            ),
            (
                "Updates over time",
                LineChart(x: "seconds", y: "ms", Self.percentiles(updates))
            ),
            (
                "Orders a second",
                LineChart(
                    x: "seconds", y: "orders",
                    [
                        Self.series("due", seconds.map { Double($0.count) }),
                        Self.series("accepted", answers.map { Double($0.count) }),
                        Self.series("notified", updates.map { Double($0.count) }),
                    ])
            ),
            (
                "Share of orders by time",
                LineChart(
                    x: "ms", y: "%",
                    [
                        Self.distribution("answer", report.record.answered),
                        Self.distribution("update", report.record.notified),
                    ])
            ),
        ]
    }

    private static func answer(_ order: LoadRecord.Order) -> Duration? {
        if case .accepted(let time)? = order.outcome { time } else { nil }
    }

    private static func percentiles(_ seconds: [[Duration]]) -> [LineChart.Series] {
        let values = seconds.map { Percentiles($0).values }
        return Percentiles.shares.enumerated().map { index, share in
            LineChart.Series(
                name: share.name,
                points: values.enumerated().compactMap { second, values in
                    values.map { .init(x: Double(second), y: $0[index]) }
                })
        }
    }

    private static func series(_ name: String, _ values: [Double]) -> LineChart.Series {
        LineChart.Series(name: name, points: values.enumerated().map { .init(x: Double($0), y: $1) })
    }

    /// A hundred points are enough for a chart; the slowest hundredth is only in the table.
    private static func distribution(_ name: String, _ times: [Duration]) -> LineChart.Series {
        let sorted = times.sorted()
        let points =
            sorted.isEmpty
            ? []
            : (0...99).map { percent in
                LineChart.Point(
                    x: sorted[(sorted.count - 1) * percent / 100].seconds * 1000, y: Double(percent))
            }
        return LineChart.Series(name: name, points: points)
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root { color-scheme: light dark; --c0: #1668b8; --c1: #2e8540; --c2: #b35900; --c3: #a61b3f; }
        @media (prefers-color-scheme: dark) { :root { --c0: #6db3f2; --c1: #74c686; --c2: #f0a95b; --c3: #f07f9b; } }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; } th, td { padding: .2rem .9rem .2rem 0; text-align: right; }
        th:first-child { text-align: left; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .2rem; }
        svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: currentColor; }
        svg .grid { stroke: currentColor; opacity: .15; } svg .line { fill: none; stroke-width: 1.8; } .small { font-size: 12px; }
        """
}
