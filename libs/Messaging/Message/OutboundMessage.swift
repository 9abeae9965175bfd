/// A message's destination.
package enum Destination: Sendable, Hashable {
    /// Every queue that is bound to the events' exchange with this key.
    case event(key: String)
    /// This queue alone.
    case queue(String)
}

/// A message ready to be sent.
package struct OutboundMessage: Sendable, Hashable {
    package var destination: Destination
    package var envelope: Envelope
    package var body: [UInt8]

    package init(to destination: Destination, _ envelope: Envelope, body: [UInt8]) {
        self.destination = destination
        self.envelope = envelope
        self.body = body
    }
}

/// A received message, to be settled with the source it came from.
package struct InboundMessage: Sendable, Hashable {
    /// Identifies the delivery to its source.
    package struct Token: Sendable, Hashable {
        package var tag: UInt64
        /// Number of the connection: a tag is valid only on the connection that delivered it.
        package var generation: UInt64

        package init(tag: UInt64, generation: UInt64) {
            self.tag = tag
            self.generation = generation
        }
    }

    package var envelope: Envelope
    package var body: [UInt8]
    /// Delivered before, perhaps to a process that crashed on it.
    package var isRedelivered: Bool
    /// It could not be decoded, and can only be rejected.
    package var isDefective: Bool
    package let token: Token
    /// How often it was delivered before, where the broker counts.
    package var deliveries = 0
    /// Why the broker dead-lettered it; nil when it did not.
    package var brokerReason: String?

    package init(
        envelope: Envelope, body: [UInt8], isRedelivered: Bool, isDefective: Bool = false, token: Token
    ) {
        self.envelope = envelope
        self.body = body
        self.isRedelivered = isRedelivered
        self.isDefective = isDefective
        self.token = token
    }
}
