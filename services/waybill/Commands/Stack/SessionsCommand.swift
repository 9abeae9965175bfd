import EventLoop
internal import JSON

/// Lists sessions, from the registrations of the notifiers.
struct SessionsCommand: Command {
    static let help = CommandHelp(
        name: "sessions", summary: "List connected users with their notifier, protocols, start and position",
        options: [
            .init(name: "user", value: "USER", text: "only this user's"),
            .init(name: "limit", value: "N", text: "how many to print (1 to 100000, default 200)"),
        ],
        examples: ["waybill sessions", "waybill sessions --user CUST-0001", "waybill sessions --json"])

    private let user: String?
    private let limit: Int

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("sessions")
        user = arguments["user"]
        limit = try arguments.integer("limit", in: 1...100_000, default: 200)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let registry = try SessionDirectory(document: context.stack.document())
        let replicas = try await registry.replicas()
        let all = replicas.flatMap(\.sessions).filter { user == nil || $0.user == user }
            .sorted { ($0.user, $0.since, $0.replica) < ($1.user, $1.since, $1.replica) }
        show(Array(all.prefix(limit)), of: all.count, replicas, context.console)
        return .success
    }

    private func show(
        _ sessions: [SessionDirectory.Session], of found: Int, _ replicas: [SessionDirectory.Replica],
        _ console: Terminal
    ) {
        if console.wantsJSON { return console.print(.array(sessions.map(\.json))) }
        var table = Table(["user", "replica", "protocol", "since", "position"])
        for session in sessions {
            table.add(
                [session.user, session.replica, session.wireProtocol, session.since, session.position ?? "-"]
                    .map(
                        \.printable))
        }
        console.print(table.text(console))
        if found > sessions.count { console.note("… and \(found - sessions.count) more: --limit") }
        for replica in replicas {
            let unnamed = replica.count - replica.sessions.count
            console.note(
                "\(replica.name)\(replica.isDraining ? " (draining)" : ""): \(replica.count) sessions"
                    + (unnamed > 0 ? ", \(unnamed) of them not listed individually" : ""))
        }
        if replicas.isEmpty { console.note("no notifier is registered") }
    }
}
