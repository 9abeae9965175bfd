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
        var tag: UInt64
        /// Tags of an earlier connection mean nothing.
        var generation: UInt64
    }

    package var envelope: Envelope
    package var body: [UInt8]
    /// Delivered before, perhaps to a process that died of it.
    package var isRedelivered: Bool
    /// Nothing can be done with it but to reject it whole: it could not even be read.
    package var isDefective: Bool
    let token: Token
}
