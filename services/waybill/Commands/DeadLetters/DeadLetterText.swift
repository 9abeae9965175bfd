import Bytes
internal import JSON
import Messaging

/// The options that the dead-letter commands share, and a message's text.
extension CommandHelp.Option {
    static let queue = CommandHelp.Option(
        name: "queue", value: "QUEUE",
        text: "one of order.accepted, order.processed, order.failed (default: all three)",
        values: .suggestions(DeadLetterOperations.Queue.allCases.map(\.rawValue)))
    static let all = CommandHelp.Option(name: "all", text: "all messages, or all of the reason")
    static let reason = CommandHelp.Option(
        name: "reason", value: "TEXT", text: "only those with exactly this reason")
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

extension JSONValue {
    /// Of a member, for a table.
    func cell(_ name: String) -> String {
        guard let value = self[name], !value.isNull else { return "-" }
        return (value.string ?? value.text).printable
    }
}
