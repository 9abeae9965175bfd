import EventLoop
internal import JSON
import OrderRecords

struct OutboxStatusCommand: Command {
    static let help = CommandHelp(
        name: "outbox status", summary: "Show how many events are recorded and not published, and since when",
        exitsWithOne: "the oldest has waited for more than 30 s",
        examples: ["waybill outbox status", "waybill outbox status --json"])

    /// Past it the relay is behind: it publishes events after two seconds.
    static let timeout = Duration.seconds(30)

    init(_ arguments: Arguments) throws { try arguments.expectNone("outbox status") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let backlog = try await context.withServers { try await RecordOperations($0).outbox() }
        let isLate = backlog.age > Self.timeout
        if context.console.wantsJSON {
            context.console.print(
                .object([
                    .init("unpublished", .number(String(backlog.count))),
                    .init("oldestAgeSeconds", .number(String(backlog.age.seconds))),
                    .init("late", .bool(isLate)),
                ]))
        } else {
            var table = Table(["unpublished", "\(backlog.count)"])
            table.add(["oldest", backlog.count == 0 ? "-" : "\(backlog.age.text) ago"])
            context.console.print(table.text(context.console))
            if isLate { context.console.note("order-process is behind with them: waybill problems") }
        }
        return isLate ? .failure : .success
    }
}
