internal import JSON
internal import Observability

/// A chart of a report: drawn by dygraphs, which its page contains.
struct ReportChart: Sendable {
    var title: String
    /// The axes' units.
    var x: String
    var y: String
    /// Names of the lines.
    var lines: [String]
    /// For each x the value of each line; nil where a line has none.
    private(set) var rows: [(x: Double, values: [Double?])] = []

    init(_ title: String, x: String, y: String, lines: [String]) {
        self.title = title
        self.x = x
        self.y = y
        self.lines = lines
    }

    mutating func add(_ x: Double, _ values: [Double?]) { rows.append((x, values)) }

    fileprivate var json: JSONValue {
        .object([
            .init("title", .string(title)), .init("x", .string(x)), .init("y", .string(y)),
            .init("lines", .array(lines.map { .string($0) })),
            .init(
                "rows",
                .array(
                    rows.sorted { $0.x < $1.x }.map { row in
                        .array(
                            [.number(Self.text(row.x))]
                                + row.values.map { $0.map { .number(Self.text($0)) } ?? .null })
                    })),
        ])
    }

    /// With at most three decimals.
    private static func text(_ number: Double) -> String {
        let rounded = (number * 1000).rounded() / 1000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}

/// Debian's dygraphs (`libjs-dygraphs`), which goes into each page with charts, so that it can be sent on as one file.
struct ChartLibrary: Sendable {
    static let folder = "/usr/share/javascript/dygraphs"
    let script: String
    let style: String

    /// Nil where the package is not installed.
    init?(folder: String = Self.folder) {
        guard let script = SystemCalls.contents(of: "\(folder)/dygraph.min.js"),
            let style = SystemCalls.contents(of: "\(folder)/dygraph.min.css")
        else { return nil }
        self.script = String(decoding: script, as: UTF8.self)
        self.style = String(decoding: style, as: UTF8.self)
    }

    /// Sections with the charts, and what draws them.
    func html(_ charts: [ReportChart]) -> String {
        // A `<` could end the script.
        let data = String(decoding: JSONValue.array(charts.map(\.json)).encode(), as: UTF8.self)
            .replacing("<", with: "\\u003c")
        return """
            <style>\(style)
            \(Self.rules)</style>
            <div id="charts"></div>
            <script>\(script)</script>
            <script>
            const element = (name, attributes, text = '') => Object.assign(document.createElement(name), attributes, { textContent: text });
            const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
            for (const { title, x, y, lines, rows } of \(data)) {
              const frame = element('div', { className: 'chart' });
              frame.setAttribute('role', 'img');
              frame.setAttribute('aria-label', `${title}: ${lines.join(', ')}; ${y} by ${x}`);
              const legend = element('p', { className: 'chart-values' });
              document.getElementById('charts').append(element('h2', {}, title), legend, frame);
              if (rows.length > 1) new Dygraph(frame, rows, {
                labels: [x, ...lines], xlabel: x, ylabel: y, labelsDiv: legend, legend: 'always', includeZero: true,
                connectSeparatedPoints: true, strokeWidth: 1.8, colors: ['--c0', '--c1', '--c2', '--c3'].map(colour),
                axisLineColor: colour('--line'), gridLineColor: colour('--line'), height: 230, rightGap: 12,
              });
              else frame.replaceWith(element('p', {}, 'Too short for a chart.'));
            }
            </script>
            """
    }

    private static let rules = """
        .chart { width: 100%; } .chart-values { margin: 0; min-height: 1.5em; font-variant-numeric: tabular-nums; }
        .dygraph-axis-label, .dygraph-label { color: inherit; font-size: 12px; }
        .chart-values.dygraph-legend { position: static; width: auto; background: var(--paper); }
        .dygraph-ylabel, .dygraph-xlabel { font-weight: normal; }
        """
}
