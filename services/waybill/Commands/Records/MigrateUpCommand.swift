import EventLoop
internal import JSON
import Postgres

struct MigrateUpCommand: Command {
    static let help = CommandHelp(
        name: "migrate up",
        summary: "Apply pending migrations (order-process does so too)",
        exitsWithOne: "code and database do not match, or a migration failed and was rolled back",
        examples: ["waybill migrate up", "waybill migrate up --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("migrate up") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let applied = try await context.withServers { servers in
            try await context.console.waiting("migrating") {
                try await RecordOperations(servers).migrate { migration in
                    context.console.note("migration \(migration.version) (\(migration.name)) …")
                }
            }
        }
        if context.console.wantsJSON {
            context.console.print(
                .array(
                    applied.map {
                        .object([
                            .init("version", .number(String($0.version))), .init("name", .string($0.name)),
                        ])
                    }))
        } else if applied.isEmpty {
            context.console.print("The schema is up to date.")
        } else {
            for step in applied { context.console.print("applied \(step.version) \(step.name)") }
        }
        return .success
    }
}
