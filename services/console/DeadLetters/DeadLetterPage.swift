import Bytes
import JSON
import Messaging

/// The dead letters of a queue that an operator asked for: a page of those that match, and all by reason.
struct DeadLetterPage {
    /// Messages that are read; more are counted alone.
    static let read = 2000
    static let largest = 200

    struct Filter: Sendable {
        /// Exactly this reason.
        var reason: String?
        /// In the reason, the order's number, the customer, the correlation id or the message's name.
        var text: String?
        var offset = 0
        var size = 50

        func matches(_ message: JSONValue) -> Bool {
            if let reason, message["reason"]?.string?.hasSameBytes(as: reason) != true { return false }
            guard let text, !text.isEmpty else { return true }
            return ["reason", "customerId", "correlationId", "id"].contains {
                message[$0]?.string?.contains(text) == true
            } || message["orderId"]?.text.hasSameBytes(as: text) == true
        }
    }

    let queue: String
    /// Of the queue.
    let total: Int
    let messages: [JSONValue]
    let filter: Filter

    var json: JSONValue {
        let matching = messages.filter(filter.matches)
        let page = matching.dropFirst(filter.offset).prefix(filter.size)
        return .object([
            .init("queue", .string(queue)), .init("total", .number(String(total))),
            .init("read", .number(String(messages.count))),
            .init("matching", .number(String(matching.count))),
            .init("offset", .number(String(filter.offset))), .init("items", .array(Array(page))),
            .init("groups", groups),
        ])
    }

    /// By reason, the most frequent first.
    private var groups: JSONValue {
        struct Group {
            var count = 0
            var senders: [String] = []
        }
        var groups: [ByteString: Group] = [:]
        for message in messages {
            let reason = ByteString(message["reason"]?.string ?? "")
            let sender = message["sentBy"]?.string ?? ""
            groups[reason, default: Group()].count += 1
            let isKnown = groups[reason]?.senders.contains { $0.hasSameBytes(as: sender) } == true
            if !sender.isEmpty, !isKnown {
                groups[reason]?.senders.append(sender)
            }
        }
        let sorted = groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        return .array(
            sorted.prefix(Self.largest).map { reason, group in
                let (words, isHopeless) = DeadLetterReason.advice(on: reason.text)
                return .object([
                    .init("reason", .string(reason.text)), .init("count", .number(String(group.count))),
                    .init("words", .string(words)), .init("isHopeless", .bool(isHopeless)),
                    .init("senders", .array(group.senders.prefix(3).map { .string($0) })),
                ])
            })
    }
}

/// Reasons of dead letters in words, with the next step.
enum DeadLetterReason {
    /// - Returns: the words, and whether no attempt can succeed.
    static func advice(on reason: String) -> (words: String, isHopeless: Bool) {
        let reason = reason.lowercased()
        return switch reason {
        case _ where reason.hasSuffix(" is missing.") || reason.contains(" is invalid: "):
            (
                "Its sender left out or misspelt what an order needs: no attempt can succeed. Tell the sender, and drop it.",
                true
            )
        case _ where reason.contains("too often"):
            ("It ended its consumer again and again: look at the service's log before it is replayed.", false)
        case _ where reason.contains("json"):
            ("It cannot be read: whoever sent it is at fault. Drop it, once the sender is found.", true)
        case _ where reason.contains("version") || reason.contains("type"):
            ("No service here knows this event: replay it after an upgrade, or drop it.", false)
        case _ where reason.contains("product"):
            (
                "It orders what is not sold: replay it once the product is there, or drop it; its customer was told.",
                false
            )
        case _ where reason.contains("another order"):
            ("Its ids belong to another order: drop it.", false)
        case _ where reason.contains("not known"):
            ("Nobody knows its order: replay it once the order is recorded, or drop it.", false)
        case _
        where reason.contains("expired") || reason.contains("maxlen") || reason.contains("delivery_limit"):
            ("RabbitMQ itself took it from the queue, by a policy or a limit: replay it.", false)
        default: ("It failed in every attempt: remove the cause, then replay it.", false)
        }
    }
}
