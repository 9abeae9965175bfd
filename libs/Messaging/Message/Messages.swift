/// Where a message is to go.
package enum Destination: Sendable, Hashable {
    /// To every queue that is bound to the events' exchange with this key.
    case event(key: String)
    /// To this queue alone.
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

/// A message taken from a queue, to be settled with the source it came from.
package struct InboundMessage: Sendable, Hashable {
    /// Names the delivery to its source.
    package struct Token: Sendable, Hashable {
        package var tag: UInt64
        /// Counts connections: a tag is valid only on the connection that delivered it.
        package var generation: UInt64

        package init(tag: UInt64, generation: UInt64) {
            self.tag = tag
            self.generation = generation
        }
    }

    package var envelope: Envelope
    package var body: [UInt8]
    /// Delivered before, perhaps to a process that died of it.
    package var isRedelivered: Bool
    /// Nothing can be done with it but to reject it whole: it could not even be read.
    package var isDefective: Bool
    package let token: Token

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
