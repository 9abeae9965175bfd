/// A line chart as SVG. Colours are the page's `--c0` and following.
struct LineChart {
    struct Point: Sendable, Equatable {
        var x: Double
        var y: Double
    }

    struct Series: Sendable {
        var name: String
        var points: [Point]
    }

    private static let width = 800.0
    private static let height = 220.0
    private static let margin = (left: 54.0, right: 12.0, top: 22.0, bottom: 30.0)

    private let x: String
    private let y: String
    private let series: [Series]
    private let xTicks: [Double]
    private let yTicks: [Double]

    init(x: String, y: String, _ series: [Series]) {
        self.x = x
        self.y = y
        self.series = series
        let points = series.flatMap(\.points)
        xTicks = Self.ticks(to: points.map(\.x).max() ?? 1)
        yTicks = Self.ticks(to: points.map(\.y).max() ?? 1)
    }

    /// From 0 to at least `maximum`, in four to ten steps of 1, 2 or 5 times a power of ten.
    static func ticks(to maximum: Double) -> [Double] {
        guard maximum.isFinite, maximum > 0 else { return [0, 1] }
        var step = 1.0
        while step * 10 < maximum { step *= 10 }
        while step > maximum { step /= 10 }
        for factor in [0.1, 0.2, 0.5, 1.0, 2.0] where maximum / (step * factor) <= 8 {
            step *= factor
            break
        }
        let count = Int((maximum / step).rounded(.up))
        return (0...max(1, count)).map { Double($0) * step }
    }

    private func place(_ point: Point) -> (x: Double, y: Double) {
        let inner = (
            width: Self.width - Self.margin.left - Self.margin.right,
            height: Self.height - Self.margin.top - Self.margin.bottom
        )
        return (
            Self.margin.left + point.x / xTicks.last! * inner.width,
            Self.margin.top + (1 - point.y / yTicks.last!) * inner.height
        )
    }

    var svg: String {
        var parts = ["<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\">"]
        for tick in yTicks {
            let at = place(Point(x: 0, y: tick)).y
            parts.append(
                "<line class=\"grid\" x1=\"\(Self.text(Self.margin.left))\" x2=\"\(Self.text(Self.width - Self.margin.right))\" "
                    + "y1=\"\(Self.text(at))\" y2=\"\(Self.text(at))\"/>")
            parts.append(label(Self.margin.left - 6, at + 4, "end", Self.text(tick)))
        }
        for tick in xTicks {
            let at = place(Point(x: tick, y: 0)).x
            parts.append(label(at, Self.height - Self.margin.bottom + 16, "middle", Self.text(tick)))
        }
        parts.append(label(Self.margin.left - 6, 12, "end", y))
        parts.append(label(Self.width - Self.margin.right, Self.height - 2, "end", x))
        for (index, series) in series.enumerated() { parts.append(line(series, index)) }
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    private func line(_ series: Series, _ index: Int) -> String {
        let points = series.points.map { point in
            let at = place(point)
            return "\(Self.text(at.x)),\(Self.text(at.y))"
        }
        let colour = "var(--c\(index % 4))"
        let legend = Self.margin.left + 10 + Double(index) * 90
        return "<polyline class=\"line\" stroke=\"\(colour)\" points=\"\(points.joined(separator: " "))\"/>\n"
            + "<rect x=\"\(Self.text(legend))\" y=\"5\" width=\"10\" height=\"10\" fill=\"\(colour)\"/>\n"
            + label(legend + 15, 14, "start", series.name)
    }

    private func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> String {
        "<text x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" text-anchor=\"\(anchor)\">\(LoadReportPage.escape(text))</text>"
    }

    /// With at most two decimals, without trailing zeros.
    static func text(_ number: Double) -> String {
        let rounded = (number * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
