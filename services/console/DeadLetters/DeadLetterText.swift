import JSON
import Messaging
import Observability

/// A dead letter, as the console shows it.
enum DeadLetterText {
    /// Bytes of a body that are shown.
    private static let bodyLimit = 2048

    /// The order's number and its customer are from the body, which anybody may have written.
    /// - Parameter isWhole: with the whole body.
    static func json(
        _ message: DeadLetterQueue.Message, in queue: OrderTopology.WorkQueue, isWhole: Bool = false
    ) -> JSONValue {
        let envelope = message.envelope
        let body = try? JSONValue(parsing: message.body.span)
        let shown = isWhole ? message.body[...] : message.body.prefix(bodyLimit)
        return .object([
            .init("queue", .string(queue.rawValue)), .init("id", .string(message.name)),
            .init("correlationId", .string(envelope.correlationID)),
            .init("orderId", body?["orderId"]?.int.map { .number(String($0)) } ?? .null),
            .init("customerId", body?["customerId"]?.string.map { .string($0) } ?? .null),
            .init("traceId", envelope.trace.map { .string($0.traceID.description) } ?? .null),
            .init("type", .string(envelope.type)), .init("sentBy", .string(envelope.appID)),
            .init("sentAt", .number(String(envelope.timestamp))),
            .init("causationId", envelope.causationID.map { .string($0) } ?? .null),
            .init("isReplay", .bool(envelope.isReplay)), .init("isDefective", .bool(message.isDefective)),
            .init("attempt", .number(String(envelope.attempt))),
            .init("reason", envelope.failure.map { .string($0.reason) } ?? .null),
            .init("failedAt", envelope.failure.map { .string($0.failedAt) } ?? .null),
            .init("body", .string(String(decoding: shown, as: UTF8.self))),
        ])
    }
}
