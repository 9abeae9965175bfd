/// The script for bash, 4 or later.
enum BashCompletion {
    static var script: String {
        var lines = [
            "# bash completion of waybill: eval \"$(waybill completion bash)\"",
            "_waybill() {",
            "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words= first= second= skipped= each",
            "    COMPREPLY=()",
            // bash splits a word at an equals sign.
            "    if [[ $word == '=' ]]; then word=; elif [[ $before == '=' ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi",
        ]
        lines += ShellCompletion.findCommand(in: "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"")
        lines += ["    case $before in"]
        lines += valueCases
        lines += [
            "    esac", "    case $first in",
            "        '') words='\(ShellCompletion.firstWords.map(\.word).joined(separator: " "))' ;;",
            "        help) if [[ -z $second ]]; then words='\(ShellCompletion.firstWords.map(\.word).joined(separator: " "))'; fi ;;",
        ]
        for family in ShellCompletion.families {
            let seconds = ShellCompletion.seconds(of: family).map(\.word).joined(separator: " ")
            lines.append(
                "        \(family)) if [[ -z $second ]]; then words='\(seconds)'; else first=\"\(family) $second\"; fi ;;"
            )
        }
        lines += ["    esac", "    case $first in"]
        for help in ShellCompletion.commands { lines.append("        '\(help.name)') \(words(of: help)) ;;") }
        lines += [
            "    esac",
            "    if [[ -z $first && $word == -* ]]; then words='\(spelled(CommandTable.globalOptions))'; fi",
            "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")", "}",
            "complete -F _waybill waybill",
        ]
        return lines.joined(separator: "\n")
    }

    private static var valueCases: [String] {
        ShellCompletion.optionsByValues.map { options in
            let words = ShellCompletion.words(options[0].values)
            let source = words.map { "-W \"\($0)\"" } ?? "-f"
            let action =
                words == "" ? "return" : "mapfile -t COMPREPLY < <(compgen \(source) -- \"$word\"); return"
            return "        \(ShellCompletion.pattern(options))) \(action) ;;"
        }
    }

    /// Options after a dash, else the values of arguments, or options where there are none.
    private static func words(of help: CommandHelp) -> String {
        let options = "words='\(spelled(ShellCompletion.options(of: help)))'"
        let values = ShellCompletion.words(help.argumentValues) ?? ""
        if values.isEmpty { return options }
        return "if [[ $word == -* ]]; then \(options); else words=\"\(values)\"; fi"
    }

    private static func spelled(_ options: [CommandHelp.Option]) -> String {
        options.map { "--\($0.name)" }.joined(separator: " ")
    }
}
