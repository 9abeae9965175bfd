internal import Bytes
package import EventLoop
package import Observability
package import OrderEvents
internal import Orders

/// The publish pipeline: validate → enrich with ids and trace → route → send and wait for the confirm.
@Loop
package final class EventPublisher {
    /// Larger bodies, in bytes, are refused here, before a consumer would have to dead-letter them.
    package static let bodyLimit = 256 << 10

    private let sender: any MessageSender
    private let appID: String
    private let tracer: Tracer?
    private var identifiers = MessageIdentifiers()
    /// A few: one for each routing key.
    private var operations: [(key: String, operation: TracedOperation)] = []
    /// When the broker last failed to confirm in time; nil once it has confirmed since.
    private var unconfirmedAt: Instant?

    /// - Parameter appID: the service's name.
    package init(_ sender: any MessageSender, appID: String, tracer: Tracer? = nil) {
        self.sender = sender
        self.appID = appID
        self.tracer = tracer
    }

    /// Whether a confirm was missed in the last seconds with none received since. Expires by itself, because
    /// a replica without requests cannot detect that the broker has recovered.
    package var isSlow: Bool { unconfirmedAt.map { Loop.now < $0 + .seconds(5) } ?? false }

    /// Publishes one event; returns when every queue it is routed to has stored it.
    package func publish(
        _ event: some OrderEvent, in context: MessageContext, within limit: Duration = .seconds(2)
    ) async throws(MessagingError) {
        try await publish(prepare(event, in: context), within: limit)
    }

    /// Publishes a prepared message. It may be published again: consumers deduplicate by its message id.
    package func publish(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        let start = Instant.systemNow()
        do throws(MessagingError) {
            try await sender.send(message, within: limit)
            unconfirmedAt = nil
            trace(message, from: start, nil)
        } catch {
            trace(message, from: start, error)
            if error.isOutcomeUnknown { unconfirmedAt = Loop.now }
            throw error
        }
    }

    /// Publishes messages in one batch; returns each one's failure, in order.
    package func publish(
        _ messages: [OutboundMessage], within limit: Duration = .seconds(2)
    ) async -> [MessagingError?] {
        let start = Instant.systemNow()
        let failures = await sender.send(messages, within: limit)
        let end = Instant.systemNow()
        for (message, failure) in zip(messages, failures) { trace(message, from: start, to: end, failure) }
        return failures
    }

    /// A span from the sending to the confirm.
    private func trace(
        _ message: OutboundMessage, from start: Instant, to end: Instant? = nil, _ error: MessagingError?
    ) {
        guard let tracer, let parent = message.envelope.trace, case .event(let key) = message.destination
        else {
            return
        }
        tracer.record(
            TraceSpan(
                operation(key), parent.child(), of: UUID(message.envelope.correlationID), from: start,
                to: end,
                TraceSpan.Value(id: message.envelope.id), error: error?.description))
    }

    private func operation(_ key: String) -> TracedOperation {
        if let known = operations.first(where: { $0.key.hasSameBytes(as: key) }) { return known.operation }
        let operation = TracedOperation(
            "send \(key)", .producer,
            [
                .init("messaging.system", .text("rabbitmq")),
                .init("messaging.destination.name", .text(key)),
                .init("messaging.operation.type", .text("send")),
            ], keys: ["messaging.message.id"])
        operations.append((key, operation))
        return operation
    }

    /// The pipeline's steps before sending.
    package func prepare(
        _ event: some OrderEvent, in context: MessageContext, id: String? = nil
    ) throws(MessagingError) -> OutboundMessage {
        guard event.correlationID.description.hasSameBytes(as: context.correlationID) else {
            throw MessagingError(.invalid, "the event belongs to another workflow")
        }
        return try prepare(type(of: event).type, body: event.encode(), in: context, id: id)
    }

    /// The same for an already encoded body, such as one from the outbox.
    package func prepare(
        _ type: OrderEventType, body: [UInt8], in context: MessageContext, id: String? = nil
    ) throws(MessagingError) -> OutboundMessage {
        guard !body.isEmpty, body.count <= Self.bodyLimit else {
            throw MessagingError(.invalid, "a body of \(body.count) bytes")
        }
        guard !context.correlationID.isEmpty else {
            throw MessagingError(.invalid, "the correlation id is missing")
        }
        let envelope = Envelope(
            id: id ?? identifiers.next(), correlationID: context.correlationID, type: type.rawValue,
            timestamp: UInt64(WallClock.seconds()), appID: appID, trace: context.trace,
            causationID: context.causationID)
        return OutboundMessage(to: .event(key: OrderTopology.routingKey(of: type)), envelope, body: body)
    }
}
