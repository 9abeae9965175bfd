/// A message in the dead-letter queue.
package struct DeadLetter<Event: Sendable>: Sendable {
    package let envelope: Envelope
    /// Nil when the body could not be decoded.
    package let event: Event?
    package let body: [UInt8]
    /// Contains no data; safe to show to the user.
    package let reason: String
    /// Of the ``HandlingError``; nil for other reasons.
    package let code: String?

    package init(
        _ envelope: Envelope, _ event: Event?, body: [UInt8], reason: String, code: String? = nil
    ) {
        self.code = code
        self.envelope = envelope
        self.event = event
        self.body = body
        self.reason = reason
    }

    /// The context for messages published about it.
    package var context: MessageContext {
        MessageContext(
            correlationID: envelope.correlationID, causationID: envelope.id.isEmpty ? nil : envelope.id,
            trace: envelope.trace)
    }
}
