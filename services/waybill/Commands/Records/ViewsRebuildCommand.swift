import EventLoop
internal import JSON
import OrderRecords

struct ViewsRebuildCommand: Command {
    static let help = CommandHelp(
        name: "views rebuild",
        summary: "Rebuild the operator views from the event log, without downtime",
        examples: ["waybill views rebuild", "waybill views rebuild --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("views rebuild") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let progress = ProgressIndicator(context.console, "rebuilding")
        let start = Instant.systemNow()
        let end = try await context.withServers { servers in
            try await RecordOperations(servers).rebuildViews { progress.update($0.position, of: $0.target) }
        }
        progress.end()
        let took = start.duration(to: .systemNow())
        if context.console.wantsJSON {
            context.console.print(
                .object([
                    .init("position", .number(String(end.position))),
                    .init("seconds", .number(String(took.seconds))),
                ]))
        } else {
            context.console.print("Both views are rebuilt, up to position \(end.position), in \(took.text).")
        }
        return .success
    }
}
