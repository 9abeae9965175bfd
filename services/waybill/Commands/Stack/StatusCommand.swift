import EventLoop
internal import JSON

struct StatusCommand: Command {
    static let help = CommandHelp(
        name: "status", summary: "Show what runs, whether it is healthy, and where",
        options: [.watch], exitsWithOne: "something is not healthy",
        examples: ["waybill status", "waybill status --watch", "waybill status --json"])

    private let isWatched: Bool

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("status")
        isWatched = arguments.has("watch")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let health = try StackHealth()
        return try await context.show(isWatched: isWatched) {
            display(await health.check(try context.stack.read()), context.console)
        }
    }

    private func display(_ entries: [StackHealth.Entry], _ console: Terminal) -> Display {
        var table = Table(["what", "state", "pid", "url"] + (console.isWide ? ["name"] : []))
        for entry in entries {
            table.add(
                [
                    entry.service, console.styled(entry.state.text, entry.state.isHealthy ? .green : .red),
                    entry.pid.map(String.init) ?? "-", entry.url,
                ] + (console.isWide ? [entry.name] : []))
        }
        let isHealthy = entries.allSatisfy(\.state.isHealthy)
        return Display(
            text: table.text(console), notes: isHealthy ? [] : ["waybill doctor says what to do"],
            json: .array(entries.map(\.json)), code: isHealthy ? .success : .failure)
    }
}
