/// The run as a chart: four panels over one time axis.
struct FailoverChart: Sendable {
    private static let left = 74.0
    private static let right = 980.0
    private static let names = (orders: 22.0, connections: 182.0, absences: 342.0, latency: 0.0)
    private static let panel = 118.0

    private let timeline: Timeline
    private let report: FailoverReport
    private let seconds: Double
    private var canvas: SVG
    private let rowHeight: Double
    private let latencyTop: Double

    init(_ report: FailoverReport) {
        self.report = report
        timeline = report.timeline
        let last = max(
            timeline.samples.last?.at.inSeconds ?? 1, timeline.entries.last?.at.inSeconds ?? 1)
        seconds = max(1, last)
        rowHeight = max(1.5, min(4, 240 / Double(max(1, report.tabs))))
        latencyTop = Self.names.absences + rowHeight * Double(report.tabs) + 46
        canvas = SVG(width: 1000, height: latencyTop + Self.panel + 40)
    }

    var svg: String {
        var chart = self
        chart.drawFaults()
        chart.drawOrders()
        chart.drawConnections()
        chart.drawAbsences()
        chart.drawLatencies()
        chart.drawTime()
        return chart.canvas.svg(
            label: "Orders, connections by replica, disconnected tabs and latencies over time")
    }

    private func x(_ at: Duration) -> Double {
        Self.left + min(max(at.inSeconds, 0), seconds) / seconds * (Self.right - Self.left)
    }

    private mutating func frame(_ title: String, top: Double, height: Double = panel) {
        canvas.text(title, Self.left, top - 7, "title")
        canvas.line(Self.left, top + height, Self.right, top + height, "axis")
        canvas.line(Self.left, top, Self.left, top + height, "axis")
    }

    private mutating func scale(_ text: String, at y: Double) {
        canvas.text(text, Self.left - 6, y + 3.5, "scale")
        canvas.line(Self.left, y, Self.right, y, "grid")
    }

    /// Faults and recoveries across all panels.
    private mutating func drawFaults() {
        for entry in timeline.entries where entry.kind == .fault || entry.kind == .recovery {
            canvas.line(x(entry.at), 14, x(entry.at), canvas.height - 32, entry.kind.rawValue)
        }
    }

    // MARK: Panels

    /// Orders per second, from the samples' totals.
    private mutating func drawOrders() {
        let top = Self.names.orders
        frame("orders accepted per second, and retried attempts", top: top)
        var rates: [(at: Duration, accepted: Double, refused: Double)] = []
        for (before, after) in zip(timeline.samples, timeline.samples.dropFirst(4)) {
            let span = (after.at - before.at).inSeconds
            guard span > 0 else { continue }
            rates.append(
                (
                    after.at, Double(after.accepted - before.accepted) / span,
                    Double(after.refused - before.refused) / span
                ))
        }
        let maximum = max(1, rates.map { max($0.accepted, $0.refused) }.max() ?? 1)
        func y(_ value: Double) -> Double { top + Self.panel - value / maximum * (Self.panel - 6) }
        for share in [0.5, 1] { scale(SVG.number(maximum * share), at: y(maximum * share)) }
        canvas.path(rates.map { (x($0.at), y($0.accepted)) }, "stroke ok")
        canvas.path(rates.map { (x($0.at), y($0.refused)) }, "stroke bad")
    }

    private mutating func drawConnections() {
        let top = Self.names.connections
        frame("tabs connected, by replica", top: top)
        let maximum = Double(max(1, report.tabs))
        func y(_ value: Double) -> Double { top + Self.panel - value / maximum * (Self.panel - 6) }
        for share in [0.5, 1] { scale(SVG.number((maximum * share).rounded()), at: y(maximum * share)) }
        for replica in report.replicas.indices {
            let points = timeline.samples.map { (x: x($0.at), y: y(Double($0.connections[replica]))) }
            canvas.path(points, "stroke r\(replica % 5)")
            canvas.text(
                report.replicas[replica], Self.right - 170 * Double(report.replicas.count - replica) + 16,
                top - 7, "legend r\(replica % 5)")
        }
    }

    /// One row per client, dark while it was disconnected.
    private mutating func drawAbsences() {
        let top = Self.names.absences
        let height = rowHeight * Double(report.tabs)
        frame("disconnected tabs (one row each)", top: top, height: height)
        for absence in timeline.absences {
            let from = x(absence.from)
            let to = absence.to.map { x($0) } ?? Self.right
            let length = ((absence.to ?? .seconds(Int64(seconds))) - absence.from).milliseconds
            canvas.box(
                from, top + rowHeight * Double(absence.client), max(to - from, 2), rowHeight, "away",
                title: "tab \(absence.client + 1): \(length) ms")
        }
        for gap in timeline.gaps {
            canvas.dot(x(gap.at), top + rowHeight * (Double(gap.client) + 0.5), 3, "gap")
        }
    }

    /// From an order's request to each client's final update; a logarithmic scale.
    private mutating func drawLatencies() {
        let top = latencyTop
        frame("from an order's request to a tab's final status, ms", top: top)
        let decades = 4.0  // 1 ms to 10 s
        func y(_ duration: Duration) -> Double {
            let share = min(max(duration.inSeconds * 1000, 1).log10 / decades, 1)
            return top + Self.panel - share * (Self.panel - 6)
        }
        for (text, milliseconds) in [("1", 1), ("10", 10), ("100", 100), ("1000", 1000), ("10 s", 10_000)] {
            scale(text, at: y(.milliseconds(milliseconds)))
        }
        for arrival in timeline.arrivals {
            canvas.dot(
                x(arrival.at), y(arrival.took), 1.3,
                arrival.isQueried ? "gap" : "d\(arrival.wireProtocol.rawValue)")
        }
        for wireProtocol in ScenarioClient.WireProtocol.allCases {
            canvas.text(
                wireProtocol.name, Self.right - 90 * Double(3 - wireProtocol.rawValue) + 10, top - 7,
                "legend d\(wireProtocol.rawValue)")
        }
    }

    private mutating func drawTime() {
        let y = canvas.height - 24
        let step = seconds > 40 ? 10 : seconds > 15 ? 5 : 2
        for second in stride(from: 0, through: Int(seconds), by: step) {
            canvas.text("\(second) s", x(.seconds(second)), y + 12, "time")
        }
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

extension Double {
    /// The decimal logarithm of numbers from 1 on, for a scale.
    fileprivate var log10: Double {
        // Without the C library: the exponent, and the significand by halving.
        var (result, value, step) = (0.0, self, 1.0)
        while value >= 10 {
            value /= 10
            result += 1
        }
        for _ in 0..<24 {
            value *= value
            step /= 2
            if value >= 10 {
                value /= 10
                result += step
            }
        }
        return result
    }
}
