import EventLoop
internal import JSON
import OrderRecords

struct ViewsStatusCommand: Command {
    static let help = CommandHelp(
        name: "views status", summary: "Show the views' lag behind the event log",
        examples: ["waybill views status", "waybill views status --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("views status") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let progress = try await context.withServers { try await RecordOperations($0).views() }
        let behind = max(0, progress.target - progress.position)
        if context.console.wantsJSON {
            context.console.print(
                .object([
                    .init("position", .number(String(progress.position))),
                    .init("target", .number(String(progress.target))),
                    .init("behind", .number(String(behind))),
                ]))
        } else {
            context.console.print(
                behind == 0
                    ? "the read models are up to date, at position \(progress.position)."
                    : "the read models are at position \(progress.position) of \(progress.target), "
                        + "\(behind) behind.")
        }
        return .success
    }
}
