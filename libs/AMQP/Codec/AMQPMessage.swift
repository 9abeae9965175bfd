/// The properties of a message (AMQP 0-9-1, basic class). Strings hold at most 255 bytes.
package struct AMQPProperties: Sendable, Hashable {
    package var contentType: String?
    package var contentEncoding: String?
    package var headers: AMQPTable = [:]
    /// Whether the broker keeps the message on disk (`delivery-mode` 2).
    package var isPersistent: Bool = true
    package var priority: UInt8?
    package var correlationID: String?
    package var replyTo: String?
    /// Milliseconds, as a decimal string.
    package var expiration: String?
    package var messageID: String?
    /// Seconds since 1970.
    package var timestamp: UInt64?
    package var type: String?
    package var appID: String?

    package init() {}
}

/// A message to publish.
package struct AMQPMessage: Sendable, Hashable {
    /// Empty: the default exchange, which routes to the queue named by the key.
    package var exchange: String
    package var routingKey: String
    package var properties: AMQPProperties
    package var body: [UInt8]
    /// A message that reaches no queue fails with `AMQPError.Code.returned` instead of being dropped.
    package var isMandatory: Bool

    package init(
        exchange: String, routingKey: String, properties: AMQPProperties = AMQPProperties(), body: [UInt8],
        isMandatory: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.isMandatory = isMandatory
    }
}

/// A received message, to be settled by its tag on the channel that delivered it.
package struct AMQPDelivery: Sendable, Hashable {
    /// Why a message cannot be processed. Reject it, so that it is dead-lettered unchanged.
    package enum Defect: Sendable, Hashable {
        /// The property list is malformed or too large; `properties` is empty.
        case malformedProperties
        /// The body has this many bytes, more than the connection's limit; `body` is empty.
        case oversized(UInt64)
    }

    package var tag: UInt64
    /// Number of the consumer's channel: a tag is valid only on the channel that delivered it.
    package var generation: UInt64 = 0
    /// Delivered before, perhaps to a process that crashed on it.
    package var isRedelivered: Bool
    package var exchange: String
    package var routingKey: String
    package var properties: AMQPProperties
    package var body: [UInt8]
    package var defect: Defect?

    package init(
        tag: UInt64, isRedelivered: Bool = false, exchange: String = "", routingKey: String = "",
        properties: AMQPProperties = AMQPProperties(), body: [UInt8] = [], defect: Defect? = nil
    ) {
        self.tag = tag
        self.isRedelivered = isRedelivered
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.defect = defect
    }
}

/// A mandatory message that reached no queue (`basic.return`).
package struct AMQPReturnedMessage: Sendable, Hashable {
    package var replyCode: UInt16
    package var replyText: String
    package var exchange: String
    package var routingKey: String
    package var properties: AMQPProperties
    package var body: [UInt8]
}
