import Bytes
import EventLoop
import JSON

/// What the console knows of the system at one moment; nil for what its server did not answer.
struct SystemState: Sendable {
    /// A server behind the services.
    struct Server: Sendable {
        var name: String
        /// Nil while it answers.
        var error: String?
        var version: String?

        var json: JSONValue {
            .object([
                .init("name", .string(name)), .init("isUp", .bool(error == nil)),
                .init("error", error.map { .string($0) } ?? .null),
                .init("version", version.map { .string($0) } ?? .null),
            ])
        }
    }

    /// Rows that wait in PostgreSQL.
    struct Backlog: Sendable {
        var count: Int
        /// Of the oldest; in milliseconds.
        var age: Int

        var json: JSONValue {
            .object([.init("waiting", .number(String(count))), .init("ageMs", .number(String(age)))])
        }
    }

    struct Queue: Sendable {
        var depth: QueueDepths.Depth
        /// Delivered, and not settled yet; as the services say.
        var unacked: Int
        /// An upper bound of the age of its oldest message; in milliseconds.
        var age: Int

        var json: JSONValue {
            .object(
                (depth.json.members ?? []) + [
                    .init("unacked", .number(String(unacked))), .init("ageMs", .number(String(age))),
                ])
        }
    }

    /// Milliseconds since 1970.
    var at: Int64
    var services: [ServiceState] = []
    var servers: [Server] = []
    var queues: [Queue]?
    /// The registrations of order-notification's replicas.
    var replicas: [JSONValue]?
    var outbox: Backlog?
    /// Orders in the intake table.
    var intake: Backlog?
    /// Orders that are accepted and not recorded yet.
    var waiting: Backlog?
    /// Orders that failed within the last hour; at most ``RecordState/failuresCounted``.
    var failures: Int?
    /// When each problem was first seen, by ``StatusProblem/key``; in milliseconds since 1970.
    var began: [ByteString: Int64] = [:]

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("at", .number(String(at))), .init("problems", .array(problems.map(\.json))),
            .init("services", .array(services.map(\.json))), .init("servers", .array(servers.map(\.json))),
        ]
        if let queues { members.append(.init("queues", .array(queues.map(\.json)))) }
        if let replicas { members.append(.init("replicas", .array(replicas))) }
        if let waiting { members.append(.init("waiting", waiting.json)) }
        if let outbox { members.append(.init("outbox", outbox.json)) }
        if let intake { members.append(.init("intake", intake.json)) }
        if let failures { members.append(.init("failures", .number(String(failures)))) }
        return .object(members)
    }
}
