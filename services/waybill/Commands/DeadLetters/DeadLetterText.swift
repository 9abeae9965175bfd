import Bytes
internal import JSON
import Messaging
internal import Observability

/// The options that the dead-letter commands share, and a message's text.
extension CommandHelp.Option {
    static let queue = CommandHelp.Option(
        name: "queue", value: "QUEUE",
        text: "one of order.accepted, order.processed, order.failed (default: all three)",
        values: .suggestions(DeadLetterOperations.Queue.allCases.map(\.rawValue)))
    static let all = CommandHelp.Option(name: "all", text: "all messages")
}

extension Arguments {
    /// The selected queues; `accepted` is short for `order.accepted`.
    var queues: [DeadLetterOperations.Queue] {
        get throws {
            guard let name = self["queue"] else { return DeadLetterOperations.Queue.allCases }
            let queueName = name.hasSuffix(".dlq") ? String(name.dropLast(4)) : name
            let queue = DeadLetterOperations.Queue.allCases.first {
                $0.rawValue == queueName || $0.rawValue == "order.\(queueName)"
            }
            guard let queue else {
                let known = DeadLetterOperations.Queue.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandError(.usage, "there is no queue \(name)", remedy: "one of: \(known)")
            }
            return [queue]
        }
    }

    /// The named messages, or nil for all; one of both is required.
    func messages(_ command: String) throws -> Set<ByteString>? {
        guard has("all") != positional.isEmpty else {
            return has("all") ? nil : Set(positional.map { ByteString($0) })
        }
        throw CommandError(
            .usage, "\(command) takes the names of messages, or --all", remedy: "waybill dlq list")
    }
}

extension DeadLetterOperations.Found {
    var json: JSONValue {
        let envelope = message.envelope
        var members: [JSONValue.Member] = [
            .init("queue", .string(queue.rawValue)), .init("name", .string(message.name)),
            .init("type", .string(envelope.type)), .init("correlationId", .string(envelope.correlationID)),
            .init("attempt", .number(String(envelope.attempt))),
            .init("reason", envelope.failure.map { .string($0.reason) } ?? .null),
            .init("failedAt", envelope.failure.map { .string($0.failedAt) } ?? .null),
            .init("sentAt", .number(String(envelope.timestamp))), .init("appId", .string(envelope.appID)),
            .init("traceparent", envelope.trace.map { .string($0.traceparent) } ?? .null),
            .init("causationId", envelope.causationID.map { .string($0) } ?? .null),
            .init("isReplay", .bool(envelope.isReplay)), .init("isDefective", .bool(message.isDefective)),
        ]
        members.append(.init("body", body ?? .string(String(decoding: message.body, as: UTF8.self))))
        return .object(members)
    }

    /// Nil when it is not JSON.
    var body: JSONValue? { try? JSONValue(parsing: message.body.span) }

    var reason: String { message.envelope.failure?.reason ?? "rejected by the queue itself" }
}
