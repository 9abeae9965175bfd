/// The script for fish, 3.4 or later.
enum FishCompletion {
    static var script: String {
        let names = ShellCompletion.valueOptions.map { "--\($0.name)" }.joined(separator: " ")
        var lines = [
            "# fish completion of waybill: waybill completion fish | source",
            "function __waybill_words",
            "    set -l skipped",
            "    set -l found",
            "    for word in (commandline -opc)[2..-1]",
            "        if set -q skipped[1]",
            "            set -e skipped[1]",
            "            continue",
            "        end",
            "        switch $word",
            "            case \(names)",
            "                set skipped 1",
            "            case '-*'",
            "            case '*'",
            "                set -a found $word",
            "        end",
            "    end",
            "    string join -- ' ' $found",
            "end",
            "function __waybill_at",
            "    test \"$(__waybill_words)\" = \"$argv\"",
            "end",
            "function __waybill_in",
            "    string match -q -- \"$argv *\" \"$(__waybill_words) \"",
            "end",
            "complete -c waybill -f",
        ]
        for (word, text) in ShellCompletion.firstWords {
            lines.append("complete -c waybill -n __waybill_at -a \(word) -d \(quoted(text))")
            lines.append("complete -c waybill -n '__waybill_at help' -a \(word) -d \(quoted(text))")
        }
        for family in ShellCompletion.families {
            for (word, text) in ShellCompletion.seconds(of: family) {
                lines.append("complete -c waybill -n '__waybill_at \(family)' -a \(word) -d \(quoted(text))")
            }
        }
        for help in ShellCompletion.commands {
            let condition = "-n '__waybill_in \(help.name)' "
            if let values = values(help.argumentValues), !values.isEmpty {
                lines.append("complete -c waybill \(condition)-a \(values)")
            }
            lines += help.options.map { complete($0, condition) }
        }
        lines += CommandTable.globalOptions.map { complete($0, $0.name == "help" ? "-s h " : "") }
        return lines.joined(separator: "\n")
    }

    private static func complete(_ option: CommandHelp.Option, _ condition: String) -> String {
        var line = "complete -c waybill \(condition)-l \(option.name) -d \(quoted(option.text))"
        guard option.value != nil else { return line }
        guard let values = values(option.values) else { return line + " -r -F" }
        line += " -x"
        return values.isEmpty ? line : "\(line) -a \(values)"
    }

    /// Nil for files.
    private static func values(_ values: CommandHelp.Values) -> String? {
        ShellCompletion.words(values).map { words in
            words.isEmpty ? "" : quoted(words.hasPrefix("$(") ? String(words.dropFirst()) : words)
        }
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
}
