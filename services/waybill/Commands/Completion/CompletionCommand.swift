import EventLoop
internal import JSON

struct CompletionCommand: Command {
    /// What the scripts ask for while a word is completed.
    nonisolated enum Names: String, CaseIterable {
        case contexts, replicas
    }

    private nonisolated static let subjects =
        ShellCompletion.Shell.allCases.map(\.rawValue) + Names.allCases.map(\.rawValue)

    static let help = CommandHelp(
        name: "completion", arguments: subjects.joined(separator: " | "), argumentValues: .words(subjects),
        summary: "Print the completion script of a shell, or names that the scripts complete",
        examples: [
            "waybill completion bash", "waybill completion zsh", "waybill completion fish",
            "waybill completion contexts",
        ])

    private let subject: String

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count == 1, Self.subjects.contains(arguments.positional[0]) else {
            throw CommandError(
                .usage, "completion takes one of \(Self.subjects.joined(separator: ", "))",
                remedy: "eval \"$(waybill completion bash)\"; waybill completion fish | source")
        }
        subject = arguments.positional[0]
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let console = context.console
        if let shell = ShellCompletion.Shell(rawValue: subject) {
            let script = ShellCompletion.script(shell)
            console.print(
                console.wantsJSON
                    ? JSONValue.object([
                        .init("shell", .string(shell.rawValue)), .init("script", .string(script)),
                    ]).text : script)
            return .success
        }
        let names = try names(Names(rawValue: subject) ?? .contexts, context)
        if console.wantsJSON {
            console.print(.array(names.map { .string($0) }))
        } else {
            for name in names { console.print(name.printable) }
        }
        return .success
    }

    private func names(_ subject: Names, _ context: CommandContext) throws -> [String] {
        switch subject {
        case .contexts: [ContextFile.local] + (try ContextFile.own().entries.map(\.name))
        // Without a stack there are none.
        case .replicas: (try? context.stack.read().replicas.map(\.name)) ?? []
        }
    }
}
