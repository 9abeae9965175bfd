/// A message that lies in the dead-letter queue.
package struct DeadLetter<Event: Sendable>: Sendable {
    package let envelope: Envelope
    /// Nil when the body could not be read as one.
    package let event: Event?
    package let body: [UInt8]
    /// Fit for whoever is told of it.
    package let reason: String

    package init(_ envelope: Envelope, _ event: Event?, body: [UInt8], reason: String) {
        self.envelope = envelope
        self.event = event
        self.body = body
        self.reason = reason
    }

    /// For what is published about it.
    package var context: MessageContext {
        MessageContext(
            correlationID: envelope.correlationID, causationID: envelope.id.isEmpty ? nil : envelope.id,
            trace: envelope.trace)
    }
}
