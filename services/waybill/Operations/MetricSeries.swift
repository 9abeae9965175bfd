/// One series of an exposition in Prometheus' text format.
struct MetricSeries: Sendable, Equatable {
    struct Label: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// With its labels, as written: `a_total{kind="x"}`.
    let text: String
    let name: String
    let labels: [Label]
    /// As written.
    let value: String

    /// A histogram's bucket.
    var isBucket: Bool { name.hasSuffix("_bucket") && labels.contains { $0.name == "le" } }

    /// Series that are read of one replica.
    static let limit = 10_000

    /// The series of an exposition, in its order; comments and what is no series are left out.
    static func parse(_ exposition: String) -> [MetricSeries] {
        exposition.split(separator: "\n").lazy.filter { !$0.hasPrefix("#") }.prefix(limit).compactMap {
            MetricSeries(line: $0)
        }
    }

    private init?(line: Substring) {
        guard let space = line.lastIndex(of: " ") else { return nil }
        let series = line[..<space]
        value = String(line[line.index(after: space)...])
        guard !value.isEmpty else { return nil }
        text = String(series)
        guard let brace = series.firstIndex(of: "{") else {
            guard !series.isEmpty, !series.contains(" ") else { return nil }
            (name, labels) = (String(series), [])
            return
        }
        guard brace > series.startIndex, series.last == "}" else { return nil }
        name = String(series[..<brace])
        guard let labels = Self.labels(series[series.index(after: brace)...].dropLast()) else { return nil }
        self.labels = labels
    }

    /// `a="b",c="d"`; in a value, a backslash escapes itself, a quote, and `n` for a line break.
    private static func labels(_ text: Substring) -> [Label]? {
        var rest = text
        var labels: [Label] = []
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let name = String(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
            guard rest.popFirst() == "\"" else { return nil }
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                if character == "\\" {
                    guard let escaped = rest.popFirst() else { return nil }
                    value.append(escaped == "n" ? "\n" : escaped)
                } else {
                    value.append(character)
                }
            }
            labels.append(Label(name: name, value: value))
            if rest.first == "," { rest.removeFirst() }
        }
        return labels
    }
}
