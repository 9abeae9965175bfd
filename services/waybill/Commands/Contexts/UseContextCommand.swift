internal import JSON

struct UseContextCommand: Command {
    static let help = CommandHelp(
        name: "context use", arguments: "NAME | \(ContextFile.local)", argumentValues: .contexts,
        summary: "Choose the deployment that commands talk to unless they or the environment name another",
        examples: ["waybill context use shop", "waybill context use local"])

    private let name: String

    init(_ arguments: Arguments) throws { name = try arguments.contextName("context use") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var file = try ContextFile.own()
        try file.choose(name)
        try file.write()
        let console = context.console
        console.print(
            console.wantsJSON
                ? JSONValue.object([.init("current", file.chosen.map { .string($0) } ?? .null)]).text
                : "commands talk to \(file.chosen ?? "the stack on this machine")")
        return .success
    }
}
