internal import EventLoop
package import Observability

/// An event out of a message, with the context its work belongs to.
package struct Received<Event: Sendable>: Sendable {
    package let event: Event
    package let envelope: Envelope
    /// A span of its own below the sender's; publish in this context.
    package let context: MessageContext
    package let isRedelivered: Bool

    package init(_ event: Event, _ envelope: Envelope, trace: TraceContext, isRedelivered: Bool = false) {
        self.event = event
        self.envelope = envelope
        self.isRedelivered = isRedelivered
        context = MessageContext(
            correlationID: envelope.correlationID, causationID: envelope.id.isEmpty ? nil : envelope.id,
            trace: trace)
    }
}

extension Received: Equatable where Event: Equatable {}
