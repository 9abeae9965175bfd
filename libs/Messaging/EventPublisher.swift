package import EventLoop
package import OrderEvents
internal import Orders

/// The publish pipeline: validate → enrich with ids and trace → route → send and wait until it is safe.
@Loop
package final class EventPublisher {
    /// A body past this many bytes is refused here, long before a consumer would have to.
    package static let bodyLimit = 256 << 10

    private let sender: any MessageSender
    private let appID: String
    private var identifiers = MessageIdentifiers()
    /// When the broker last failed to confirm in time; nil once it confirmed since.
    private var unconfirmedAt: Instant?

    /// - Parameter appID: the service's name.
    package init(_ sender: any MessageSender, appID: String) {
        self.sender = sender
        self.appID = appID
    }

    /// Whether the broker left a confirm out in the last seconds and has confirmed nothing since. Ends by itself: a
    /// replica without requests cannot find out that the broker has recovered.
    package var isSlow: Bool { unconfirmedAt.map { Loop.now < $0 + .seconds(5) } ?? false }

    /// Publishes one event; returns when every queue it is routed to has stored it.
    package func publish(
        _ event: some OrderEvent, in context: MessageContext, within limit: Duration = .seconds(2)
    ) async throws(MessagingError) {
        try await publish(prepare(event, in: context), within: limit)
    }

    /// Publishes a prepared message. It may be published again: consumers know it by its message id.
    package func publish(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        do throws(MessagingError) {
            try await sender.send(message, within: limit)
            unconfirmedAt = nil
        } catch {
            if error.isOutcomeUnknown { unconfirmedAt = Loop.now }
            throw error
        }
    }

    /// Publishes many in one go; the answer has each one's failure, in order.
    package func publish(
        _ messages: [OutboundMessage], within limit: Duration = .seconds(2)
    ) async -> [MessagingError?] {
        await sender.send(messages, within: limit)
    }

    /// All of the pipeline but the sending.
    package func prepare(
        _ event: some OrderEvent, in context: MessageContext, id: String? = nil
    ) throws(MessagingError) -> OutboundMessage {
        guard event.correlationID.description == context.correlationID else {
            throw MessagingError(.invalid, "the event belongs to another workflow")
        }
        return try prepare(type(of: event).type, body: event.encode(), in: context, id: id)
    }

    /// The same for a body that is encoded already, such as one out of the outbox.
    package func prepare(
        _ type: OrderEventType, body: [UInt8], in context: MessageContext, id: String? = nil
    ) throws(MessagingError) -> OutboundMessage {
        guard !body.isEmpty, body.count <= Self.bodyLimit else {
            throw MessagingError(.invalid, "a body of \(body.count) bytes")
        }
        guard !context.correlationID.isEmpty else { throw MessagingError(.invalid, "no correlation id") }
        let envelope = Envelope(
            id: id ?? identifiers.next(), correlationID: context.correlationID, type: type.rawValue,
            timestamp: UInt64(WallClock.seconds()), appID: appID, trace: context.trace,
            causationID: context.causationID)
        return OutboundMessage(to: .event(key: OrderTopology.routingKey(of: type)), envelope, body: body)
    }
}
