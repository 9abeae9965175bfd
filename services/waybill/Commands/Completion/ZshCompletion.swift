/// The script for zsh, 5 or later.
enum ZshCompletion {
    static var script: String {
        var lines = [
            "#compdef waybill",
            "# zsh completion of waybill: waybill completion zsh > a folder of $fpath/_waybill; or eval it after compinit",
            "_waybill() {",
            "    local -a entries",
            "    local first= second= skipped= each word=${words[CURRENT]}",
        ]
        lines += ShellCompletion.findCommand(in: "\"${(@)words[2,CURRENT-1]}\"")
        // The value of `--name=value`.
        lines += ["    case $word in"]
        lines += ShellCompletion.optionsByValues.map {
            "        \(ShellCompletion.pattern($0, then: "=*"))) compset -P '*='; \(add($0[0].values)); return ;;"
        }
        lines += ["    esac", "    case ${words[CURRENT-1]} in"]
        lines += ShellCompletion.optionsByValues.map {
            "        \(ShellCompletion.pattern($0))) \(add($0[0].values)); return ;;"
        }
        lines += [
            "    esac", "    case $first in",
            "        '') if [[ $word == -* ]]; then \(describe(CommandTable.globalOptions))",
            "            else \(describe("command", ShellCompletion.firstWords)); fi",
            "            return ;;",
            "        help) if [[ -z $second ]]; then \(describe("command", ShellCompletion.firstWords)); return; fi ;;",
        ]
        for family in ShellCompletion.families {
            let seconds = ShellCompletion.seconds(of: family)
            lines.append(
                "        \(family)) if [[ -z $second ]]; then \(describe("command", seconds)); return; fi; "
                    + "first=\"\(family) $second\" ;;")
        }
        lines += ["    esac", "    case $first in"]
        for help in ShellCompletion.commands {
            let options = describe(ShellCompletion.options(of: help))
            if help.argumentValues == .unknown {
                lines.append("        '\(help.name)') \(options) ;;")
            } else {
                lines.append(
                    "        '\(help.name)') if [[ $word == -* ]]; then \(options); else \(add(help.argumentValues)); fi ;;"
                )
            }
        }
        lines += [
            "    esac", "}",
            "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _waybill \"$@\"; else compdef _waybill waybill; fi",
        ]
        return lines.joined(separator: "\n")
    }

    private static func add(_ values: CommandHelp.Values) -> String {
        guard let words = ShellCompletion.words(values) else { return "_files" }
        return words.isEmpty
            ? ":"
            : "compadd -- \(words.replacing("$(", with: "${(f)\"$(").replacing("null)", with: "null)\"}"))"
    }

    private static func describe(_ options: [CommandHelp.Option]) -> String {
        describe("option", options.map { ("--\($0.name)", $0.text) })
    }

    private static func describe(_ what: String, _ entries: [(word: String, text: String)]) -> String {
        let list = entries.map { "'\($0.word):\(quoted($0.text))'" }.joined(separator: " ")
        return "entries=(\(list)); _describe \(what) entries"
    }

    private static func quoted(_ text: String) -> String {
        text.replacing("'", with: "'\\''").replacing(":", with: "\\:")
    }
}
