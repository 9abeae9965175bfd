internal import JSON

struct RemoveContextCommand: Command {
    static let help = CommandHelp(
        name: "context remove", arguments: "NAME", argumentValues: .contexts,
        summary: "Forget a deployment's name, and its token if it is stored",
        examples: ["waybill context remove shop"])

    private let name: String

    init(_ arguments: Arguments) throws { name = try arguments.contextName("context remove") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var file = try ContextFile.own()
        let wasChosen = file.chosen != nil
        try file.remove(name)
        try file.write()
        let console = context.console
        if console.wantsJSON {
            console.print(.object([.init("removed", .string(name))]))
        } else {
            console.print("\(name) is removed")
            if wasChosen, file.chosen == nil { console.note("commands talk to the stack on this machine") }
        }
        return .success
    }
}
