import Messaging

/// Completion scripts, generated from the command table.
enum ShellCompletion {
    enum Shell: String, CaseIterable {
        case bash, zsh
    }

    static func script(_ shell: Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        }
    }

    private static let commands = CommandTable.all.map { $0.help }

    /// First words, each once, in order.
    private static var firstWords: [String] {
        var seen: Set<String> = []
        return commands.map { $0.family ?? $0.name }.filter { seen.insert($0).inserted } + ["help"]
    }

    private static func seconds(of family: String) -> [String] {
        commands.filter { $0.family == family }.map { String($0.name.dropFirst(family.count + 1)) }
    }

    private static var families: [String] {
        firstWords.filter { family in commands.contains { $0.family == family } }
    }

    private static func options(of help: CommandHelp) -> [String] {
        (help.options + CommandTable.globalOptions).map { "--\($0.name)" }
    }

    /// The values of an option that is a choice or a file.
    private static let values: [(option: String, words: String)] = [
        ("--queue", DeadLetterOperations.Queue.allCases.map(\.rawValue).joined(separator: " "))
    ]

    private static var bash: String {
        var lines = [
            "# bash completion of waybill: eval \"$(waybill completion bash)\"", "_waybill() {",
            "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=",
            "    local command=${COMP_WORDS[1]:-}", "    COMPREPLY=()", "    case $before in",
            "        --stack|--out|--page) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;",
        ]
        for value in values { lines.append("        \(value.option)) words=\"\(value.words)\" ;;") }
        lines += [
            "    esac", "    if [[ -n $words ]]; then", "        :", "    elif (( COMP_CWORD == 1 )); then",
        ]
        lines += [
            "        words=\"\(firstWords.joined(separator: " "))\"", "    else", "        case $command in",
        ]
        for family in families {
            lines.append(
                "            \(family)) if (( COMP_CWORD == 2 )); then words=\"\(seconds(of: family).joined(separator: " "))\"; "
                    + "else command=\"\(family) ${COMP_WORDS[2]}\"; fi ;;")
        }
        lines += [
            "            completion) words=\"\(Shell.allCases.map(\.rawValue).joined(separator: " "))\" ;;"
        ]
        lines += ["        esac", "        case $command in"]
        for help in commands {
            lines.append(
                "            '\(help.name)') words+=\" \(options(of: help).joined(separator: " "))\" ;;")
        }
        lines += [
            "        esac", "    fi", "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")", "}",
            "complete -F _waybill waybill",
        ]
        return lines.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        text.replacing("'", with: "'\\''").replacing(":", with: "\\:")
    }

    private static var zsh: String {
        var lines = [
            "#compdef waybill",
            "# zsh completion of waybill: waybill completion zsh > a folder of $fpath/_waybill",
            "_waybill() {", "    local -a entries", "    local command=${words[2]}",
            "    case ${words[CURRENT-1]} in",
            "        --stack|--out|--page) _files; return ;;",
        ]
        for value in values { lines.append("        \(value.option)) compadd \(value.words); return ;;") }
        lines += ["    esac", "    if (( CURRENT == 2 )); then", "        entries=("]
        for word in firstWords {
            let summary = commands.first { $0.name == word }?.summary ?? "…"
            lines.append("            '\(word):\(quoted(summary))'")
        }
        lines += [
            "        )", "        _describe command entries", "        return", "    fi",
            "    case $command in",
        ]
        for family in families {
            let entries = commands.filter { $0.family == family }.map {
                "'\($0.name.dropFirst(family.count + 1)):\(quoted($0.summary))'"
            }
            lines += [
                "        \(family))", "            if (( CURRENT == 3 )); then",
                "                entries=(\(entries.joined(separator: " ")))",
                "                _describe command entries",
                "                return", "            fi",
                "            command=\"\(family) ${words[3]}\" ;;",
            ]
        }
        lines += ["        completion) compadd \(Shell.allCases.map(\.rawValue).joined(separator: " ")) ;;"]
        lines += ["    esac", "    case $command in"]
        for help in commands {
            lines.append("        '\(help.name)') compadd -- \(options(of: help).joined(separator: " ")) ;;")
        }
        lines += [
            "    esac", "}",
            "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _waybill \"$@\"; else compdef _waybill waybill; fi",
        ]
        return lines.joined(separator: "\n")
    }
}
