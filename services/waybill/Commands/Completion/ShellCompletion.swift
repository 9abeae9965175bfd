/// Completion scripts, generated from the command table.
enum ShellCompletion {
    enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    static func script(_ shell: Shell) -> String {
        switch shell {
        case .bash: BashCompletion.script
        case .zsh: ZshCompletion.script
        case .fish: FishCompletion.script
        }
    }

    static let commands = CommandTable.all.map { $0.help }

    /// First words, each once, in order; with their summaries.
    static var firstWords: [(word: String, text: String)] {
        var seen: Set<String> = []
        var words: [(word: String, text: String)] = []
        for help in commands where seen.insert(help.family ?? help.name).inserted {
            let text = help.family.map { seconds(of: $0).map(\.word).joined(separator: ", ") } ?? help.summary
            words.append((help.family ?? help.name, text))
        }
        return words + [("help", "Explain a command")]
    }

    static func seconds(of family: String) -> [(word: String, text: String)] {
        commands.filter { $0.family == family }.map {
            (String($0.name.dropFirst(family.count + 1)), $0.summary)
        }
    }

    static var families: [String] {
        firstWords.map(\.word).filter { family in commands.contains { $0.family == family } }
    }

    static func options(of help: CommandHelp) -> [CommandHelp.Option] {
        help.options + CommandTable.globalOptions
    }

    /// Every option that takes a value, once: of one name, all commands' take the same values, which a test checks.
    static var valueOptions: [CommandHelp.Option] {
        var seen: Set<String> = []
        return (CommandTable.globalOptions + commands.flatMap(\.options)).filter {
            $0.value != nil && seen.insert($0.name).inserted
        }
    }

    /// ``valueOptions``, those with the same values together.
    static var optionsByValues: [[CommandHelp.Option]] {
        var groups: [[CommandHelp.Option]] = []
        for option in valueOptions {
            if let index = groups.firstIndex(where: { $0[0].values == option.values }) {
                groups[index].append(option)
            } else {
                groups.append([option])
            }
        }
        return groups
    }

    /// `--a|--b`: a pattern of the shells' `case`.
    static func pattern(_ options: [CommandHelp.Option], then suffix: String = "") -> String {
        options.map { "--\($0.name)\(suffix)" }.joined(separator: "|")
    }

    /// A shell's word or command substitution for values that it must not look up in files; nil for files.
    static func words(_ values: CommandHelp.Values) -> String? {
        switch values {
        case .unknown: ""
        case .words(let words), .suggestions(let words): words.joined(separator: " ")
        case .contexts: "$(waybill completion contexts 2>/dev/null)"
        case .replicas: "$(waybill completion replicas 2>/dev/null)"
        case .files: nil
        }
    }

    /// Lines that set `first` and `second` to the command's words before the cursor, past options and their values.
    /// - Parameter words: the words before the cursor, as an array of bash or zsh, without the program's.
    static func findCommand(in words: String) -> [String] {
        [
            "    for each in \(words); do",
            // bash splits `--name=value`.
            "        if [[ $each == '=' ]]; then continue; fi",
            "        if [[ -n $skipped ]]; then skipped=; continue; fi",
            "        case $each in",
            "            \(pattern(valueOptions))) skipped=1 ;;",
            "            -*) ;;",
            "            *) if [[ -z $first ]]; then first=$each",
            "                elif [[ -z $second ]]; then second=$each; fi ;;",
            "        esac",
            "    done",
        ]
    }
}
