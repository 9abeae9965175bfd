import EventLoop
internal import JSON
import OrderRecords

struct RestoredCommand: Command {
    static let help = CommandHelp(
        name: "restored",
        summary:
            "After a restore of PostgreSQL: no order id is given again, and Redis forgets what is not recorded",
        options: [.init(name: "yes", text: "do not ask")],
        exitsWithOne: "services are connected to PostgreSQL, or the prompt was declined",
        examples: ["waybill restored --yes"])

    private let isConfirmed: Bool

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("restored")
        isConfirmed = arguments.has("yes")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if !isConfirmed {
            let question = "Delete all statuses, idempotency keys and mailboxes in Redis?"
            guard let answer = context.console.confirm(question) else {
                throw CommandError(.usage, "there is no terminal to confirm on", remedy: "add --yes")
            }
            guard answer else { return .failure }
        }
        let result = try await context.console.waiting("forgetting") {
            try await context.withServers { servers in try await RestoreOperations(servers).finish() }
        }
        if context.console.wantsJSON {
            context.console.print(
                .object([
                    .init("nextOrderId", .number(String(result.nextOrderID))),
                    .init("keysDeleted", .number(String(result.keysDeleted))),
                ]))
        } else {
            context.console.print(
                "The next order id is \(result.nextOrderID). Redis has forgotten \(result.keysDeleted) keys.")
            context.console.note("Start the services. Tabs are told to fetch their orders.")
        }
        return .success
    }
}
