internal import Bytes
import EventLoop
internal import JSON

/// Lists sessions, from the registrations of the notifiers.
struct SessionsCommand: Command {
    static let help = CommandHelp(
        name: "sessions", summary: "List connected users with their notifier, protocols, start and position",
        options: [
            .init(name: "user", value: "USER", text: "only this user's"),
            .init(name: "limit", value: "N", text: "how many to print (1 to 100000, default 200)"), .watch,
        ],
        examples: [
            "waybill sessions", "waybill sessions --user CUST-0001", "waybill sessions --watch",
            "waybill sessions --json",
        ])

    private let user: String?
    private let limit: Int
    private let isWatched: Bool

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("sessions")
        user = arguments["user"]
        limit = try arguments.integer("limit", in: 1...100_000, default: 200)
        isWatched = arguments.has("watch")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        try await context.show(isWatched: isWatched) {
            let registry = try SessionDirectory(document: context.stack.document())
            return display(try await registry.replicas(), context.console)
        }
    }

    private func display(_ replicas: [SessionDirectory.Replica], _ console: Terminal) -> Display {
        let all = replicas.flatMap { replica in
            replica.sessions.map { (session: $0, address: replica.address) }
        }
        .filter { entry in user.map { $0.hasSameBytes(as: entry.session.user) } ?? true }
        .sorted { Self.order($0.session) < Self.order($1.session) }
        let shown = all.prefix(limit)
        var table = Table(
            ["user", "replica", "protocol", "since", "position"] + (console.isWide ? ["address"] : []))
        for (session, address) in shown {
            let row = [
                session.user, session.replica, session.wireProtocol, session.since, session.position ?? "-",
            ]
            table.add((row + (console.isWide ? [address] : [])).map(\.printable))
        }
        var notes = all.count > shown.count ? ["… and \(all.count - shown.count) more: --limit"] : []
        for replica in replicas {
            let unnamed = replica.count - replica.sessions.count
            notes.append(
                "\(replica.name)\(replica.isDraining ? " (draining)" : ""): \(replica.count) sessions"
                    + (unnamed > 0 ? ", \(unnamed) of them not listed individually" : ""))
        }
        if replicas.isEmpty { notes.append("no notifier is registered") }
        return Display(
            text: table.text(console), notes: notes, json: .array(shown.map { $0.session.json }))
    }

    private static func order(_ session: SessionDirectory.Session) -> (String, String, String) {
        (session.user, session.since, session.replica)
    }
}
