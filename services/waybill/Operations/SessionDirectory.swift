import EventLoop
internal import JSON
import Redis

/// Reads the notifiers' registrations in Redis, as a user with no other permission.
@Loop
struct SessionDirectory {
    struct Replica: Sendable {
        var name: String
        var isDraining: Bool
        /// Where it listens, as the other replicas see it.
        var address: String
        /// Its sessions, including those that it does not list.
        var count: Int
        var sessions: [Session]
    }

    struct Session: Sendable, Equatable {
        var user: String
        var replica: String
        /// `websocket`, `sse` or `signalr`.
        var wireProtocol: String
        var since: String
        /// `<epoch>:<offset>` in the user's mailbox; nil before the mailbox has been read.
        var position: String?

        var json: JSONValue {
            .object([
                .init("userId", .string(user)), .init("replica", .string(replica)),
                .init("protocol", .string(wireProtocol)), .init("since", .string(since)),
                .init("position", position.map { .string($0) } ?? .null),
            ])
        }
    }

    /// Replicas that are read; each lists at most a thousand sessions.
    private static let maxReplicas = 100

    private let configuration: RedisConfiguration

    /// - Parameter document: of `stack.json`.
    init(document: JSONValue) throws(CommandError) {
        let redis = document["redis"]
        guard let host = redis?["host"]?.string,
            let port = redis?["port"]?.int.flatMap(UInt16.init(exactly:)),
            let user = redis?["observer"]?["user"]?.string,
            let password = redis?["observer"]?["password"]?.string
        else {
            throw CommandError(
                .unavailable, "the stack's description has no Redis observer", remedy: "make down up")
        }
        var configuration = RedisConfiguration(endpoint: Endpoint(host: host, port: port))
        configuration.user = user
        configuration.password = password
        configuration.clientName = "waybill-sessions"
        self.configuration = configuration
    }

    func replicas() async throws(CommandError) -> [Replica] {
        do throws(RedisError) {
            let connection = try await RedisConnection.connect(configuration)
            defer { connection.close() }
            let now = WallClock.seconds()
            let names =
                try await connection.pipeline {
                    $0.add("ZRANGEBYSCORE", "notify:replicas", now, "+inf", "LIMIT", 0, Self.maxReplicas)
                }[0].get().array ?? []
            guard !names.isEmpty else { return [] }
            let documents =
                try await connection.pipeline {
                    $0.add("MGET", list: names.compactMap(\.string).map { "notify:replica:\($0)" })
                }[0].get().array ?? []
            return documents.compactMap { $0.bytes.flatMap { Self.replica($0) } }
        } catch {
            throw CommandError(.unavailable, "Redis does not answer: \(error)", remedy: "waybill doctor")
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
                    wireProtocol: session["protocol"]?.string ?? "?", since: session["since"]?.string ?? "?",
                    position: user["position"]?.string)
            }
        }
        let counts = (value["sessions"]?.members ?? []).compactMap(\.value.int)
        return Replica(
            name: name, isDraining: value["draining"]?.bool ?? false,
            address: value["address"]?.string ?? "-", count: counts.reduce(0, +),
            sessions: sessions)
    }
}
