/// Writes the text of a scrape.
package struct PrometheusText {
    package enum Format: Sendable {
        /// Prometheus' text exposition format 0.0.4.
        case prometheus
        /// OpenMetrics 1.0.0: a counter's family has no `_total`, bounds are written as floats, and the text has an end.
        case openMetrics

        package var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }

        /// What a scraper's `Accept` asks for.
        package init(accepting text: String?) {
            self = text?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
        }
    }

    let format: Format
    package private(set) var bytes: [UInt8] = []

    init(_ format: Format) { self.format = format }

    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// Starts a family; all its samples must follow before the next family.
    package mutating func family(_ name: String, _ help: String, _ kind: Kind) {
        let isOpen = format == .openMetrics
        let family = isOpen && kind == .counter && name.hasSuffix("_total") ? name.dropLast(6) : name[...]
        bytes.append(contentsOf: "# HELP \(family) ".utf8)
        bytes.append(escaping: help, quotes: isOpen)
        bytes.append(contentsOf: "\n# TYPE \(family) \(kind.rawValue)\n".utf8)
    }

    /// Ends the text.
    mutating func finish() { if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) } }

    /// A bucket's bound.
    func bound(_ value: Double) -> String {
        let text = Self.number(value)
        return format == .openMetrics && value.isFinite && !text.contains(".") && !text.contains("e")
            ? "\(text).0" : text
    }

    package mutating func sample(_ name: String, _ value: Double) {
        sample(name, labels: [], Self.number(value))
    }

    mutating func sample(_ name: String, labels: [UInt8], _ value: String) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: labels)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Formats a value as the format's float literal: `+Inf`, `-Inf`, `NaN`, and whole numbers that a double represents
    /// exactly without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return abs(value) < 0x1p53 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
    }
}

extension [UInt8] {
    /// Appends an escaped label value (backslash, line feed, quote) or HELP text (backslash, line feed).
    mutating func append(escaping text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotes: append(contentsOf: #"\""#.utf8)
            default: append(byte)
            }
        }
    }
}
