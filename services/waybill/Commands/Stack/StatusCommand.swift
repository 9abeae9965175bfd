import EventLoop
internal import JSON

struct StatusCommand: Command {
    static let help = CommandHelp(
        name: "status", summary: "Show what runs, whether it is healthy, and where",
        exitsWithOne: "something is not healthy", examples: ["waybill status", "waybill status --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("status") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let entries = try await StackHealth().check(context.stack.read())
        show(entries, context.console)
        return entries.allSatisfy(\.isHealthy) ? .success : .failure
    }

    private func show(_ entries: [StackHealth.Entry], _ console: Terminal) {
        if console.wantsJSON { return console.print(.array(entries.map(\.json))) }
        var table = Table(["what", "state", "pid", "url"])
        for entry in entries {
            table.add([
                entry.name, console.styled(entry.state, entry.isHealthy ? .green : .red),
                entry.pid.map(String.init) ?? "-", entry.url,
            ])
        }
        console.print(table.text(console))
    }
}
