/// How results are printed.
enum OutputFormat: String, CaseIterable {
    case json, table
    /// A table with more columns, where there are more.
    case wide

    /// By `--output FORMAT` or its short form `--json`; a table where the words do not say, or say what the parser refuses.
    init(in words: some Collection<String>) {
        var rest = words[...]
        var found: OutputFormat?
        while let word = rest.popFirst() {
            if word == "--json" { found = .json }
            if word == "--output" { found = rest.first.flatMap { OutputFormat(rawValue: $0) } ?? found }
            if word.hasPrefix("--output=") {
                found = OutputFormat(rawValue: String(word.dropFirst(9))) ?? found
            }
        }
        self = found ?? .table
    }
}
