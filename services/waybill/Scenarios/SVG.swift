/// An SVG drawing, built element by element. Colours are classes of the page's style sheet.
struct SVG: Sendable {
    let width: Double
    let height: Double
    private var parts: [String] = []

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// One decimal is finer than a pixel.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths.isMultiple(of: 10)
            ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    static func escape(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        let n = Self.number
        parts.append(
            #"<line class="\#(style)" x1="\#(n(x1))" y1="\#(n(y1))" x2="\#(n(x2))" y2="\#(n(y2))"/>"#)
    }

    mutating func box(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, title: String? = nil
    ) {
        let n = Self.number
        let inside = title.map { "<title>\(Self.escape($0))</title>" } ?? ""
        parts.append(
            #"<rect class="\#(style)" x="\#(n(x))" y="\#(n(y))" width="\#(n(max(width, 0.5)))" height="\#(n(height))">\#(inside)</rect>"#
        )
    }

    mutating func dot(_ x: Double, _ y: Double, _ radius: Double, _ style: String) {
        let n = Self.number
        parts.append(#"<circle class="\#(style)" cx="\#(n(x))" cy="\#(n(y))" r="\#(n(radius))"/>"#)
    }

    mutating func path(_ points: [(x: Double, y: Double)], _ style: String) {
        guard !points.isEmpty else { return }
        let text = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        parts.append(#"<polyline class="\#(style)" points="\#(text)"/>"#)
    }

    mutating func text(_ text: String, _ x: Double, _ y: Double, _ style: String) {
        parts.append(
            #"<text class="\#(style)" x="\#(Self.number(x))" y="\#(Self.number(y))">\#(Self.escape(text))</text>"#
        )
    }

    func svg(label: String) -> String {
        let n = Self.number
        return
            #"<svg viewBox="0 0 \#(n(width)) \#(n(height))" role="img" aria-label="\#(Self.escape(label))">"#
            + parts.joined(separator: "\n") + "</svg>"
    }
}
