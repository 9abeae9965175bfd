import EventLoop
internal import JSON
internal import Observability
import Postgres

struct MigrateStatusCommand: Command {
    static let help = CommandHelp(
        name: "migrate status", summary: "Show which migrations are applied",
        exitsWithOne: "a migration is pending, or code and database do not match",
        examples: ["waybill migrate status", "waybill migrate status --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("migrate status") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let statuses = try await context.withServers { try await RecordOperations($0).migrations() }
        let isComplete = statuses.allSatisfy { $0.state.label == "applied" }
        if context.console.wantsJSON {
            context.console.print(.array(statuses.map(\.json)))
        } else {
            var table = Table(["step", "name", "state", "applied at", "took"])
            for status in statuses {
                let applied = status.state.applied
                table.add([
                    "\(status.version)", status.name, status.state.label,
                    applied?.time ?? "-", applied?.duration.text ?? "-",
                ])
            }
            context.console.print(table.text(context.console))
            if statuses.contains(where: { $0.state == .pending }) {
                context.console.note("waybill migrate up")
            }
        }
        return isComplete ? .success : .failure
    }
}

extension PostgresMigrationStatus {
    var json: JSONValue {
        .object([
            .init("version", .number(String(version))), .init("name", .string(name)),
            .init("state", .string(state.label)),
            .init("appliedAt", state.applied.map { .string($0.time) } ?? .null),
        ])
    }
}

extension PostgresMigrationStatus.State {
    var label: String {
        switch self {
        case .applied: "applied"
        case .pending: "pending"
        case .changed: "changed since"
        case .unknown: "newer than this code"
        }
    }

    var applied: PostgresAppliedMigration? {
        switch self {
        case .applied(let applied), .changed(let applied), .unknown(let applied): applied
        case .pending: nil
        }
    }
}

extension PostgresAppliedMigration {
    var time: String { RFC3339(milliseconds: appliedAt.milliseconds).description }
}
