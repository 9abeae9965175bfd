internal import Bytes

/// The words after a command, parsed into options and positional arguments.
struct Arguments: Sendable, Equatable {
    private(set) var positional: [String] = []
    private var values: [String: String] = [:]
    private var switches: Set<String> = []

    /// Reads `--name value`, `--name=value`, switches and `--`; everything else is positional.
    init(_ words: [String], options: [CommandHelp.Option]) throws {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                positional += rest
                return
            }
            guard word.hasPrefix("--") else {
                guard !word.hasPrefix("-") || word == "-" else {
                    throw CommandError(
                        .usage, "unknown option \(word.printable)",
                        remedy:
                            "of one letter there is -h alone; an argument that begins with a dash follows --")
                }
                positional.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = options.first(where: { $0.name == name }) else {
                let known = options.map { "--\($0.name)" }.joined(separator: ", ")
                throw CommandError(
                    .usage, "unknown option --\(name.printable)", remedy: "it takes: \(known)")
            }
            guard let placeholder = option.value else {
                guard parts.count == 1 else {
                    throw CommandError(.usage, "--\(name) takes no value", remedy: "write --\(name) alone")
                }
                switches.insert(name)
                continue
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw CommandError(
                    .usage, "--\(name) needs a value", remedy: "write --\(name) \(placeholder)")
            }
            if case .words(let words) = option.values, !words.contains(where: { $0.hasSameBytes(as: value) })
            {
                throw CommandError(
                    .usage, "--\(name) is not \(value.printable)",
                    remedy: "one of: \(words.joined(separator: ", "))")
            }
            values[name] = value
        }
    }

    func has(_ name: String) -> Bool { switches.contains(name) }

    subscript(_ name: String) -> String? { values[name] }

    /// For a command without positional arguments.
    func expectNone(_ command: String) throws {
        guard positional.isEmpty else {
            throw CommandError(
                .usage, "\(command) takes no arguments, not \(positional[0])",
                remedy: "waybill \(command) --help")
        }
    }

    /// - Parameter unit: what is counted, for the error.
    func integer(
        _ name: String, in range: ClosedRange<Int>, default fallback: Int, of unit: String? = nil
    ) throws -> Int {
        guard let text = values[name] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw CommandError(
                .usage, "--\(name) is not \(text.printable)",
                remedy:
                    "a number \(unit.map { "of \($0) " } ?? "")from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }
}
