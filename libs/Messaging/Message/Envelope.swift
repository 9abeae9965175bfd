package import Observability

/// A body's metadata: its sender, its cause, and its attempt.
package struct Envelope: Sendable, Hashable {
    /// Why a message was dead-lettered.
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
    /// The delivery's number, from 1; counted by the pipeline, since brokers differ in what they count.
    package var attempt = 1
    package var failure: Failure?
    /// Whether an operator replayed it: the handler may retry what it had given up.
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

/// The trace and workflow of a message; messages published while it is handled carry them on.
package struct MessageContext: Sendable, Hashable {
    package var correlationID: String
    /// The message being handled; nil when the work began elsewhere, such as with a request.
    package var causationID: String?
    package var trace: TraceContext?

    package init(correlationID: String, causationID: String? = nil, trace: TraceContext? = nil) {
        self.correlationID = correlationID
        self.causationID = causationID
        self.trace = trace
    }
}
