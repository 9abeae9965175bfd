package import EventLoop
internal import Observability

/// A message with its decoded event, and the context in which it is handled.
package struct Received<Event: Sendable>: Sendable {
    package let event: Event
    package let message: InboundMessage
    /// A child span of the sender's; messages published by the handler carry it.
    package let context: MessageContext
    let receivedAt: Instant

    @Loop package init(_ event: Event, _ message: InboundMessage) {
        self.event = event
        self.message = message
        receivedAt = .systemNow()
        let envelope = message.envelope
        context = MessageContext(
            correlationID: envelope.correlationID, causationID: envelope.id.isEmpty ? nil : envelope.id,
            trace: envelope.trace?.child() ?? .root())
    }

    package var envelope: Envelope { message.envelope }
    /// The bytes as they were received.
    package var body: [UInt8] { message.body }
    package var isRedelivered: Bool { message.isRedelivered }
}

extension Received: Equatable where Event: Equatable {
    package static func == (left: Received, right: Received) -> Bool {
        left.event == right.event && left.message == right.message
    }
}
