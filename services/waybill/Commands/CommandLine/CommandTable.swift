internal import Bytes

/// All commands, in the order in which help shows them.
enum CommandTable {
    struct Group: Sendable {
        let title: String
        let commands: [any Command.Type]
    }

    static let groups = [
        Group(
            title: "The stack",
            commands: [
                UpCommand.self, DownCommand.self, StatusCommand.self, DoctorCommand.self,
                SessionsCommand.self, MetricsCommand.self, LogsCommand.self,
            ]),
        Group(
            title: "Orders",
            commands: [
                TokenCommand.self, SubmitOrderCommand.self, ShowOrdersCommand.self, CancelCommand.self,
                WatchCommand.self,
            ]),
        Group(
            title: "Operation",
            commands: [
                ProblemsCommand.self, QueuesCommand.self, ExplainCommand.self,
                ListDeadLettersCommand.self, ShowDeadLetterCommand.self, ReplayDeadLettersCommand.self,
                DropDeadLettersCommand.self, OutboxStatusCommand.self, MigrateStatusCommand.self,
                MigrateUpCommand.self, RestoredCommand.self, ViewsStatusCommand.self,
                ViewsRebuildCommand.self,
            ]),
        Group(
            title: "Deployments elsewhere",
            commands: [
                AddContextCommand.self, ListContextsCommand.self, UseContextCommand.self,
                RemoveContextCommand.self,
            ]),
        Group(
            title: "Trying it out",
            commands: [DemoCommand.self, LoadCommand.self, CompletionCommand.self]),
    ]

    static let all = groups.flatMap(\.commands)

    /// Accepted by every command.
    static let globalOptions = [
        CommandHelp.Option(name: "json", text: "print JSON, one document or one line an event"),
        CommandHelp.Option(
            name: "output", value: "FORMAT", text: "table (default), wide with more columns, or json",
            values: .words(OutputFormat.allCases.map(\.rawValue))),
        CommandHelp.Option(
            name: "url", value: "URL", text: "a deployment's address (default: WAYBILL_URL)"),
        CommandHelp.Option(
            name: "context", value: "NAME",
            text: "a deployment by its name, or local (default: WAYBILL_CONTEXT, else the chosen one)",
            values: .contexts),
        CommandHelp.Option(
            name: "stack", value: "FILE", text: "a stack on this machine (default: var/stack.json)",
            values: .files),
        CommandHelp.Option(
            name: "token", value: "TOKEN",
            text: "act as its user; others see it in the process list: prefer --token-file or WAYBILL_TOKEN"),
        CommandHelp.Option(
            name: "token-file", value: "FILE", text: "the file with the token (default: WAYBILL_TOKEN_FILE)",
            values: .files),
        CommandHelp.Option(name: "help", text: "explain the command; also -h"),
        CommandHelp.Option(name: "version", text: "print the version"),
    ]

    /// The command that the arguments name.
    enum Found {
        case command(any Command.Type, rest: [String])
        /// The shared word of a family alone: `dlq`.
        case family(String, [any Command.Type])
        case unknown(String)
    }

    /// Options of every command may come before its name too.
    static func find(_ words: [String]) -> Found {
        let count = leadingOptions(of: words)
        let found = findNamed(Array(words[count...]))
        guard case .command(let command, let rest) = found else { return found }
        return .command(command, rest: rest + words[..<count])
    }

    /// Whether the words are more than options and their values.
    static func hasCommand(_ words: [String]) -> Bool { leadingOptions(of: words) < words.count }

    private static func leadingOptions(of words: [String]) -> Int {
        var count = 0
        while count < words.count, words[count].hasPrefix("-") {
            let name = words[count].dropFirst(2)
            let takesValue = globalOptions.contains { $0.value != nil && name.hasSameBytes(as: $0.name) }
            count = min(words.count, count + (takesValue ? 2 : 1))
        }
        return count
    }

    private static func findNamed(_ words: [String]) -> Found {
        guard let first = words.first else { return .unknown("") }
        let family = all.filter { $0.help.family == first }
        if let command = family.first(where: { $0.help.name == words.prefix(2).joined(separator: " ") }) {
            return .command(command, rest: Array(words.dropFirst(2)))
        }
        if !family.isEmpty {
            let second = words.dropFirst().first { !$0.hasPrefix("-") }
            return second.map { .unknown("\(first) \($0)") } ?? .family(first, family)
        }
        guard let command = all.first(where: { $0.help.name == first }) else { return .unknown(first) }
        return .command(command, rest: Array(words.dropFirst()))
    }
}
