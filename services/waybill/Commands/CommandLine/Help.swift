internal import JSON

/// The texts of `--help`.
enum Help {
    static func show(overview console: Terminal) {
        if console.wantsJSON { return console.print(.array(CommandTable.all.map { json($0.help) })) }
        console.print(overview(CommandTable.groups.map { ($0.title, $0.commands.map { $0.help }) }))
    }

    static func show(family: String, _ commands: [CommandHelp], _ console: Terminal) {
        if console.wantsJSON { return console.print(.array(commands.map(json))) }
        console.print(overview([("waybill \(family)", commands)]))
    }

    static func show(command: CommandHelp, _ console: Terminal) {
        if console.wantsJSON { return console.print(json(command)) }
        console.print(page(command, global: CommandTable.globalOptions))
    }

    static func overview(_ groups: [(title: String, commands: [CommandHelp])]) -> String {
        let width = groups.flatMap(\.commands).map { $0.name.count }.max() ?? 0
        var lines = ["Usage: waybill COMMAND [OPTIONS]"]
        for group in groups {
            lines += ["", "\(group.title):"]
            lines += group.commands.map { "  \(padded($0.name, width))  \($0.summary)" }
        }
        lines += ["", "waybill COMMAND --help explains a command, with examples.", "", "Exit codes:"]
        lines += ExitCode.allCases.map { code in "  \(padded("\(code.rawValue)", 3))  \(code.meaning)" }
        lines += [
            "",
            "The pages under /ops are served by the program console; console --help lists its keys.",
            "",
            "Results go to standard output, everything else to standard error. Colours only on a terminal, and not with",
            "NO_COLOR. For a deployment elsewhere: waybill context add, or --url URL and --token-file FILE; commands on its servers",
            "also need REDIS_URL, RABBITMQ_URL and DATABASE_URL.",
        ]
        return lines.joined(separator: "\n")
    }

    static func page(_ help: CommandHelp, global: [CommandHelp.Option]) -> String {
        let arguments = help.arguments.isEmpty ? "" : " \(help.arguments)"
        var lines = [
            "Usage: waybill \(help.name)\(arguments) [OPTIONS]", "", "\(help.summary).",
        ]
        let width = (help.options + global).map { spelled($0).count }.max() ?? 0
        for (title, options) in [("Options", help.options), ("Options of every command", global)]
        where !options.isEmpty {
            lines += ["", "\(title):"]
            lines += options.map { "  \(padded(spelled($0), width))  \($0.text)" }
        }
        if let reason = help.exitsWithOne { lines += ["", "Exits with 1 when \(reason)."] }
        lines += ["", "Examples:"]
        lines += help.examples.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func json(_ help: CommandHelp) -> JSONValue {
        .object([
            .init("name", .string(help.name)), .init("arguments", .string(help.arguments)),
            .init("summary", .string(help.summary)),
            .init(
                "options",
                .array(
                    (help.options + CommandTable.globalOptions).map { option in
                        .object([
                            .init("name", .string("--\(option.name)")),
                            .init("value", option.value.map { .string($0) } ?? .null),
                            .init("text", .string(option.text)),
                        ])
                    })),
            .init("examples", .array(help.examples.map { .string($0) })),
        ])
    }

    private static func spelled(_ option: CommandHelp.Option) -> String {
        option.value.map { "--\(option.name) \($0)" } ?? "--\(option.name)"
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
