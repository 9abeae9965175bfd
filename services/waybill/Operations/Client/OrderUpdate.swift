import EventLoop
internal import JSON

/// One `order.status` frame, as a client received it.
struct OrderUpdate: Sendable, Equatable {
    /// The mailbox offset; nil for ephemeral updates.
    var offset: Int?
    var correlationID: String
    var orderID: Int
    var status: String
    var occurredAt: String
    var receivedAt: Instant

    var isFinal: Bool { ["COMPLETED", "FAILED", "CANCELLED"].contains(status) }
}

/// A frame of a notifier on the native WebSocket.
enum ServerFrame: Equatable {
    case welcome(replica: String, epoch: String, lastEventID: Int)
    case update(OrderUpdate)
    case resumed(recovered: Bool, count: Int)
    case draining(retryAfterMilliseconds: Int)
    case error(code: String, detail: String)
    case other(String)

    /// Nil when it is not a frame of the contract.
    init?(_ text: Span<UInt8>, receivedAt: Instant) {
        guard let frame = try? JSONValue(parsing: text), let type = frame["type"]?.string else { return nil }
        switch type {
        case "welcome":
            guard let epoch = frame["epoch"]?.string else { return nil }
            self = .welcome(
                replica: frame["replica"]?.string ?? "?", epoch: epoch,
                lastEventID: Self.offset(frame["lastEventId"]) ?? 0)
        case "order.status":
            guard let correlationID = frame["correlationId"]?.string, let status = frame["status"]?.string,
                let orderID = frame["orderId"]?.int
            else { return nil }
            self = .update(
                OrderUpdate(
                    offset: Self.offset(frame["id"]), correlationID: correlationID, orderID: orderID,
                    status: status,
                    occurredAt: frame["occurredAt"]?.string ?? "", receivedAt: receivedAt))
        case "resumed":
            self = .resumed(recovered: frame["recovered"]?.bool ?? false, count: frame["count"]?.int ?? 0)
        case "draining": self = .draining(retryAfterMilliseconds: frame["retryAfterMs"]?.int ?? 0)
        case "error":
            self = .error(code: frame["code"]?.string ?? "?", detail: frame["detail"]?.string ?? "")
        default: self = .other(type)
        }
    }

    /// Offsets are numbers; text is accepted too, as some clients store it so.
    private static func offset(_ value: JSONValue?) -> Int? { value?.int ?? value?.string.flatMap(Int.init) }
}
