/// The labels of one time series of a metric, fixed at registration: `["route": "/api/orders", "method": "GET"]`.
///
/// Values come from the code (routes, queue names, outcomes), never from users, because each combination is a time
/// series in Prometheus. User and order ids are not labels.
package struct Labels: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package let pairs: [Pair]

    package struct Pair: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }

    package init(_ elements: [(String, String)]) {
        pairs = elements.map { Pair(name: $0.0, value: $0.1) }
        let names = pairs.map(\.name)
        precondition(Set(names).count == names.count, "duplicate label in \(names)")
        for name in names {
            precondition(MetricName.isLabel(name), "\(name) is not a valid label name")
        }
    }

    /// `name="value",…` without braces, escaped.
    var text: [UInt8] {
        var output: [UInt8] = []
        for pair in pairs {
            if !output.isEmpty { output.append(UInt8(ascii: ",")) }
            output.append(contentsOf: pair.name.utf8)
            output.append(contentsOf: "=\"".utf8)
            output.append(escaping: pair.value, quotes: true)
            output.append(UInt8(ascii: "\""))
        }
        return output
    }
}

/// The names that Prometheus allows (data model, "Metric names and labels").
enum MetricName {
    static func isMetric(_ name: String) -> Bool {
        isIdentifier(name) { $0 == UInt8(ascii: ":") }
    }

    /// `le` is reserved for histograms, and names with two leading underscores for Prometheus.
    static func isLabel(_ name: String) -> Bool {
        name != "le" && !name.hasPrefix("__") && isIdentifier(name) { _ in false }
    }

    private static func isIdentifier(_ name: String, or extra: (UInt8) -> Bool) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"): true
            default: extra(byte)
            }
        }
    }
}
