/// A strict parser of the Prometheus text format 0.0.4: contiguous unique families, HELP before TYPE, valid names and
/// escapes, unique samples, complete and cumulative histograms.
struct ExpositionParser {
    struct ParseError: Error { let line: String, reason: String }

    private(set) var families: [String: String] = [:]
    private(set) var help: [String: String] = [:]
    private var samples: [Series: Double] = [:]

    struct Series: Hashable { let name: String, labels: [String: String] }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples[Series(name: name, labels: labels)]
    }

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else {
            throw ParseError(line: text, reason: "no final line feed")
        }
        var family = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# HELP ") {
                let words = line.split(separator: " ", maxSplits: 3)
                family = String(words[2])
                guard families[family] == nil, help[family] == nil else {
                    throw error(line, "duplicate family")
                }
                help[family] = words.count > 3 ? try unescape(words[3], quotes: false) : ""
            } else if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                guard words.count == 4, words[2] == family, families[family] == nil,
                    ["counter", "gauge", "histogram"].contains(words[3])
                else { throw error(line, "TYPE") }
                families[family] = String(words[3])
            } else {
                try sample(line, family)
            }
        }
        for (name, kind) in families where kind == "histogram" { try checkHistogram(name) }
    }

    private mutating func sample(_ line: Substring, _ family: String) throws {
        var rest = line
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(label.count)
                guard !label.isEmpty, rest.hasPrefix("=\"") else { throw error(line, "label") }
                rest = rest.dropFirst(2)
                var end = rest.startIndex
                while end < rest.endIndex, rest[end] != "\"" {
                    end = rest.index(end, offsetBy: rest[end] == "\\" ? 2 : 1)
                }
                guard
                    labels.updateValue(try unescape(rest[..<end], quotes: true), forKey: String(label)) == nil
                else { throw error(line, "duplicate label") }
                rest = rest[end...].dropFirst()
            } while rest.first == ","
            guard rest.first == "}" else { throw error(line, "missing brace") }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = number(rest.dropFirst()) else { throw error(line, "value") }
        let suffixes = families[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { family + $0 == name }) else {
            throw error(line, "sample outside its family")
        }
        if families[family] == "counter", !(value >= 0) { throw error(line, "negative counter") }
        guard samples.updateValue(value, forKey: Series(name: String(name), labels: labels)) == nil else {
            throw error(line, "duplicate sample")
        }
    }

    private func checkHistogram(_ name: String) throws {
        for (series, count) in samples where series.name == name + "_count" {
            let buckets = samples.compactMap { bucket, count -> (Double, Double)? in
                var labels = bucket.labels
                guard bucket.name == name + "_bucket", let le = labels.removeValue(forKey: "le"),
                    labels == series.labels, let bound = number(le[...])
                else { return nil }
                return (bound, count)
            }.sorted { $0.0 < $1.0 }
            guard buckets.last?.0 == .infinity, buckets.last?.1 == count,
                value(name + "_sum", series.labels) != nil,
                zip(buckets, buckets.dropFirst()).allSatisfy({ $0.1 <= $1.1 })
            else { throw ParseError(line: name, reason: "not a histogram") }
        }
    }

    private func number(_ text: Substring) -> Double? {
        switch text {
        case "NaN": .nan
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: text.allSatisfy { "0123456789.eE+-".contains($0) } ? Double(text) : nil
        }
    }

    private func unescape(_ text: Substring, quotes: Bool) throws -> String {
        var result = ""
        var iterator = text.makeIterator()
        while let character = iterator.next() {
            guard character == "\\" else {
                if character == "\n" { throw error(text, "line feed") }
                result.append(character)
                continue
            }
            switch iterator.next() {
            case "\\": result.append("\\")
            case "n": result.append("\n")
            case "\"" where quotes: result.append("\"")
            default: throw error(text, "escape")
            }
        }
        return result
    }

    private func error(_ line: Substring, _ reason: String) -> ParseError {
        ParseError(line: String(line), reason: reason)
    }
}
