package import Observability

/// What travels around a body: who sent it, why, and how often it was tried.
package struct Envelope: Sendable, Hashable {
    /// Why a message lies in a dead-letter queue.
    package struct Failure: Sendable, Hashable {
        package var reason: String
        /// RFC 3339, UTC.
        package var failedAt: String

        package init(reason: String, failedAt: String) {
            self.reason = reason
            self.failedAt = failedAt
        }
    }

    /// UUIDv7; the same for every copy of the message.
    package var id: String
    /// The workflow: the order's correlation id.
    package var correlationID: String
    /// Name and version, `order.accepted.v1`.
    package var type: String
    /// When it was sent, in seconds since 1970.
    package var timestamp: UInt64
    /// The service that sent it.
    package var appID: String
    package var trace: TraceContext?
    /// The id of the message that led to this one.
    package var causationID: String?
    /// Which delivery this is, from 1; counted by ourselves, as brokers differ in what they count.
    package var attempt = 1
    package var failure: Failure?
    /// Whether an operator took it out of the dead letters: what was given up may be taken up again.
    package var isReplay = false

    package init(
        id: String, correlationID: String, type: String, timestamp: UInt64, appID: String,
        trace: TraceContext? = nil, causationID: String? = nil
    ) {
        self.id = id
        self.correlationID = correlationID
        self.type = type
        self.timestamp = timestamp
        self.appID = appID
        self.trace = trace
        self.causationID = causationID
    }
}

/// The work a message belongs to; what is published while it is done carries it on.
package struct MessageContext: Sendable, Hashable {
    package var correlationID: String
    /// The message that is being handled; nil when the work began elsewhere, such as with a request.
    package var causationID: String?
    package var trace: TraceContext?

    package init(correlationID: String, causationID: String? = nil, trace: TraceContext? = nil) {
        self.correlationID = correlationID
        self.causationID = causationID
        self.trace = trace
    }
}
