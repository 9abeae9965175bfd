/// The run as a self-contained HTML page.
struct FailoverReportPage: Sendable {
    private let report: FailoverReport

    init(_ report: FailoverReport) { self.report = report }

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>waybill demo failover</title>
        <style>\(Self.style)</style>
        <main>
        <h1>\(report.held ? "The scenario held" : "The scenario did not hold")</h1>
        <p>\(escape(summary))</p>
        <figure>\(FailoverChart(report).svg)
        <figcaption>Vertical lines: <span class="fault">a fault</span>, <span class="recovery">its end</span>.
        Dots in <span class="gap">this colour</span>: a gap notice, or a queried final status.</figcaption></figure>
        <div class="wide" role="region" aria-label="Figures" tabindex="0"><table><thead><tr>\(cells(FailoverReport.columns, "th"))</tr></thead>
        <tbody>\(report.cells.map { "<tr>\(cells($0, "td"))</tr>" }.joined())</tbody></table></div>
        <h2>What happened</h2>
        <ol>\(timeline)</ol>
        </main>
        </html>

        """
    }

    private var summary: String {
        "\(report.orders) orders, \(report.tabs) tabs on \(report.replicas.count) notifiers; \(report.refused) attempts "
            + "to order had to be retried." + (report.failure.map { " \($0)" } ?? "")
    }

    private func cells(_ texts: [String], _ tag: String) -> String {
        texts.map { "<\(tag)\(tag == "th" ? " scope=\"col\"" : "")>\(escape($0))</\(tag)>" }.joined()
    }

    private var timeline: String {
        report.timeline.entries.map { entry in
            "<li class=\"\(entry.kind.rawValue)\"><time>\(entry.seconds) s</time> \(escape(entry.text))</li>"
        }.joined(separator: "\n")
    }

    private func escape(_ text: String) -> String { SVG.escape(text) }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1d2126; --paper: #fff; --soft: #5b646e; --ok: #1a7f4b;
          --bad: #c0392b; --warn: #955800; --a: #2866b8; --b: #a93a90; --c: #1f766d; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #15181c; --soft: #9aa4af; --ok: #4cc38a;
          --bad: #ff7b6b; --warn: #f0a94a; --a: #6aa5f0; --b: #e08aca; --c: #5cc9bd; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 64rem;
          margin: 2rem auto; padding: 0 1rem; }
        svg { width: 100%; height: auto; } figure { margin: 1rem 0; } figcaption { color: var(--soft); }
        svg text { font: 10px system-ui, sans-serif; fill: var(--soft); }
        svg .title { font-size: 11px; fill: var(--ink); } svg .scale { text-anchor: end; }
        svg .time { text-anchor: middle; } svg .legend { text-anchor: middle; }
        .axis { stroke: var(--soft); } .grid { stroke: var(--soft); stroke-opacity: .2; }
        .stroke { fill: none; stroke-width: 1.6; } .ok { stroke: var(--ok); } .bad { stroke: var(--bad); }
        polyline.r0 { stroke: var(--a); } polyline.r1 { stroke: var(--b); } polyline.r2 { stroke: var(--c); }
        polyline.r3 { stroke: var(--warn); } polyline.r4 { stroke: var(--soft); }
        svg text.r0, .d0 { fill: var(--a); } svg text.r1, .d1 { fill: var(--b); } svg text.r2, .d2 { fill: var(--c); }
        svg text.d0 { fill: var(--a); } svg text.d1 { fill: var(--b); } svg text.d2 { fill: var(--c); }
        circle { fill-opacity: .55; } .away { fill: var(--ink); } circle.gap { fill: var(--bad); fill-opacity: 1; }
        line.fault { stroke: var(--warn); stroke-dasharray: 3 3; } line.recovery { stroke: var(--ok);
          stroke-dasharray: 1 4; } span.fault, li.fault { color: var(--warn); } span.recovery, li.recovery { color: var(--ok); }
        span.gap, li.trouble { color: var(--bad); }
        .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: right; padding: .3rem .6rem;
          border-bottom: 1px solid color-mix(in srgb, var(--soft) 40%, transparent); }
        th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; }
        ol { list-style: none; padding: 0 0 0 4.5rem; } time { display: inline-block; width: 4rem; color: var(--soft);
          margin-left: -4.5rem; text-align: right; margin-right: .5rem; font-variant-numeric: tabular-nums; }
        """
}
