import Foundation
import Testing

/// The metrics that the code registers, as a table for docs/operations.md.
struct MetricsCatalogue {
    private struct Entry {
        var kind: String
        var labels: [String]
        var help: String
        var sources: Set<String>
    }

    private static let begin = "<!-- Generated: UPDATE=1 ONLY=Architecture infra/local/bin/test -->\n"
    private static let end = "<!-- End of what is generated. -->"

    private var entries: [String: Entry] = [:]

    init() throws {
        for path in RepositoryFiles.files where path.hasSuffix(".swift") && !path.hasPrefix("Tests/") {
            try read(RepositoryFiles.text(of: path), path)
        }
    }

    private mutating func read(_ source: String, _ path: String) throws {
        let names = /(?<kind>counter|gauge|histogram)\(\s*"(?<name>waybill_[a-z_]+)",\s*/
        for match in source.matches(of: names) {
            let rest = source[match.range.upperBound...]
            let help: String
            if let literal = rest.prefixMatch(of: /"([^"]+)"/) {
                help = String(literal.output.1)
            } else {
                // A constant of the same file, for several series of one metric.
                let constant = try #require(rest.prefixMatch(of: /[a-zA-Z]+/)).output
                let text = try Regex("let \(constant) = \"([^\"]+)\"", as: (Substring, Substring).self)
                help = String(try #require(source.firstMatch(of: text)).output.1)
            }
            let arguments = rest.prefixMatch(
                of: /(?:"[^"]*"|[a-zA-Z]+),\s*(?:labels: )?\[(?<list>[^\]:][^\]]*)\]/)
            let labels =
                arguments.map { $0.list.matches(of: /"([a-z_]+)":/).map { String($0.output.1) } } ?? []
            let source = path.split(separator: "/")[1]
            let kind = String(match.kind)
            var entry =
                entries[String(match.name)] ?? Entry(kind: kind, labels: labels, help: help, sources: [])
            #expect(entry.kind == kind && entry.labels == labels && entry.help == help, "\(match.name)")
            entry.sources.insert(String(source))
            entries[String(match.name)] = entry
        }
    }

    var names: Set<String> { Set(entries.keys) }

    /// - Returns: the document with the table that it should have; nil without a place for it.
    func updated(_ document: String) -> String? {
        guard let begin = document.range(of: Self.begin), let end = document.range(of: Self.end) else {
            return nil
        }
        var table = "| metric | type | labels | registered in | |\n| --- | --- | --- | --- | --- |\n"
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let labels = entry.labels.isEmpty ? "–" : entry.labels.joined(separator: ", ")
            let sources = entry.sources.sorted().joined(separator: ", ")
            table += "| `\(name)` | \(entry.kind) | \(labels) | \(sources) | \(entry.help) |\n"
        }
        return document[..<begin.upperBound] + table + document[end.lowerBound...]
    }
}
