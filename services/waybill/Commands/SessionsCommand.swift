import EventLoop
internal import JSON
internal import Redis

/// Who is connected where, from what the notifiers register of themselves.
struct SessionsCommand: Command {
    static let help = CommandHelp(
        name: "sessions", summary: "Show who is connected to which notifier, how, since when and how far",
        options: [
            .init(name: "user", value: "USER", text: "only this user's"),
            .init(name: "limit", value: "N", text: "how many to print (1 to 100000, default 200)"),
        ],
        examples: ["waybill sessions", "waybill sessions --user CUST-0001", "waybill sessions --json"])

    private let user: String?
    private let limit: Int

    init(_ arguments: Arguments) throws {
        guard arguments.positional.isEmpty else {
            throw CommandFailure(.usage, "sessions takes no arguments", remedy: "--user USER")
        }
        user = arguments["user"]
        limit = try arguments.integer("limit", in: 1...100_000, default: 200)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let registry = try SessionRegistry(document: context.stack.document())
        let replicas = try await registry.replicas()
        let all = replicas.flatMap(\.sessions).filter { user == nil || $0.user == user }
            .sorted { ($0.user, $0.since, $0.replica) < ($1.user, $1.since, $1.replica) }
        show(Array(all.prefix(limit)), of: all.count, replicas, context.console)
        return .success
    }

    private func show(
        _ sessions: [SessionRegistry.Session], of found: Int, _ replicas: [SessionRegistry.Replica],
        _ console: Console
    ) {
        if console.wantsJSON { return console.print(.array(sessions.map(\.json))) }
        var table = Table(["user", "replica", "protocol", "since", "position"])
        for session in sessions {
            table.add(
                [session.user, session.replica, session.dialect, session.since, session.position ?? "-"])
        }
        console.print(table.text(console))
        if found > sessions.count { console.note("… and \(found - sessions.count) more: --limit") }
        for replica in replicas {
            let unnamed = replica.count - replica.sessions.count
            console.note(
                "\(replica.name)\(replica.isDraining ? " (draining)" : ""): \(replica.count) sessions"
                    + (unnamed > 0 ? ", \(unnamed) of them beyond what it registers" : ""))
        }
        if replicas.isEmpty { console.note("no notifier is registered") }
    }
}

/// What the notifiers say of themselves in Redis, read as a user who may read nothing else.
@Loop
struct SessionRegistry {
    struct Replica: Sendable {
        var name: String
        var isDraining: Bool
        /// Its sessions, those included that it does not name.
        var count: Int
        var sessions: [Session]
    }

    struct Session: Sendable, Equatable {
        var user: String
        var replica: String
        /// `websocket`, `sse` or `signalr`.
        var dialect: String
        var since: String
        /// `<epoch>:<offset>` in the user's mailbox; nil before the mailbox has been read.
        var position: String?

        var json: JSONValue {
            .object([
                .init("userId", .string(user)), .init("replica", .string(replica)),
                .init("protocol", .string(dialect)), .init("since", .string(since)),
                .init("position", position.map { .string($0) } ?? .null),
            ])
        }
    }

    /// Replicas that are looked at; each names at most a thousand sessions.
    private static let most = 100

    private let configuration: Configuration

    /// - Parameter document: of `stack.json`.
    init(document: JSONValue) throws(CommandFailure) {
        let redis = document["redis"]
        guard let host = redis?["host"]?.string,
            let port = redis?["port"]?.int.flatMap(UInt16.init(exactly:)),
            let user = redis?["observer"]?["user"]?.string,
            let password = redis?["observer"]?["password"]?.string
        else {
            throw CommandFailure(
                .unavailable, "the stack's description names no observer of Redis", remedy: "make down up")
        }
        var configuration = Configuration(endpoint: Endpoint(host: host, port: port))
        configuration.user = user
        configuration.password = password
        configuration.clientName = "waybill-sessions"
        self.configuration = configuration
    }

    func replicas() async throws(CommandFailure) -> [Replica] {
        do throws(RedisError) {
            let connection = try await Connection.connect(configuration)
            defer { connection.close() }
            let now = WallClock.seconds()
            let names =
                try await connection.pipeline {
                    $0.add("ZRANGEBYSCORE", "notify:replicas", now, "+inf", "LIMIT", 0, Self.most)
                }[0].get().array ?? []
            guard !names.isEmpty else { return [] }
            let documents =
                try await connection.pipeline {
                    $0.add("MGET", list: names.compactMap(\.string).map { "notify:replica:\($0)" })
                }[0].get().array ?? []
            return documents.compactMap { $0.bytes.flatMap { Self.replica($0) } }
        } catch {
            throw CommandFailure(.unavailable, "Redis does not answer: \(error)", remedy: "waybill status")
        }
    }

    /// nil for what is not a registration.
    nonisolated static func replica(_ bytes: [UInt8]) -> Replica? {
        guard let value = try? JSONValue(parsing: bytes.span), let name = value["replica"]?.string else {
            return nil
        }
        let sessions = (value["users"]?.array ?? []).flatMap { user in
            (user["sessions"]?.array ?? []).map { session in
                Session(
                    user: user["userId"]?.string ?? "?", replica: name,
                    dialect: session["protocol"]?.string ?? "?", since: session["since"]?.string ?? "?",
                    position: user["position"]?.string)
            }
        }
        let counts = (value["sessions"]?.members ?? []).compactMap(\.value.int)
        return Replica(
            name: name, isDraining: value["draining"]?.bool ?? false, count: counts.reduce(0, +),
            sessions: sessions)
    }
}
