/// The texts of `--help`.
enum Help {
    static func overview(_ commands: [CommandHelp]) -> String {
        let width = commands.map { $0.name.count }.max() ?? 0
        var lines = ["Usage: waybill COMMAND [OPTIONS]", "", "Commands:"]
        for command in commands {
            lines.append("  \(padded(command.name, width))  \(command.summary)")
        }
        lines += [
            "", "waybill COMMAND --help explains a command, with examples.",
            "waybill console is the service behind the pages under /ops; waybill console --help lists its keys.",
            "",
            "Exit codes: 0 done, 1 refused or not as it should be, 2 wrong usage, 69 no stack to talk to.",
        ]
        return lines.joined(separator: "\n")
    }

    static func page(_ help: CommandHelp, global: [CommandHelp.Option]) -> String {
        let arguments = help.arguments.isEmpty ? "" : " \(help.arguments)"
        var lines = [
            "Usage: waybill \(help.name)\(arguments) [OPTIONS]", "", "\(help.summary).", "", "Options:",
        ]
        let options = help.options + global
        let width = options.map { spelled($0).count }.max() ?? 0
        for option in options { lines.append("  \(padded(spelled(option), width))  \(option.text)") }
        lines += ["", "Examples:"]
        lines += help.examples.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func spelled(_ option: CommandHelp.Option) -> String {
        option.value.map { "--\(option.name) \($0)" } ?? "--\(option.name)"
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
