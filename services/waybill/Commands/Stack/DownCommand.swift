import EventLoop
internal import JSON

struct DownCommand: Command {
    static let help = CommandHelp(
        name: "down", summary: "Stop the whole stack on this machine; its data are kept",
        examples: ["waybill down", "waybill down --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("down") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let ended = try await DevStackRunner().run("stack", ["down"])
        if context.console.wantsJSON {
            context.console.print(.object([.init("stopped", .bool(ended.status == 0))]))
        }
        return ended.status == 0 ? .success : .failure
    }
}
