package import JSON
package import OrderEvents
package import Orders

/// Identifies an event by its order and its version among the order's events, from 1 without gaps.
package struct EventKey: Sendable, Hashable {
    package var orderID: OrderID
    package var version: Int

    package init(_ orderID: OrderID, version: Int) {
        self.orderID = orderID
        self.version = version
    }
}

/// An event of the log, which is both the event store and the outbox.
package struct LoggedEvent: Sendable, Hashable {
    package var type: OrderEventType
    /// The exact bytes that are published.
    package var payload: [UInt8]
    package var metadata: EventMetadata
    package var occurredAt: Timestamp

    package init(_ type: OrderEventType, payload: [UInt8], metadata: EventMetadata, occurredAt: Timestamp) {
        self.type = type
        self.payload = payload
        self.metadata = metadata
        self.occurredAt = occurredAt
    }
}

/// The content of an event's envelope, so that each publication of it is the same message.
package struct EventMetadata: Sendable, Hashable {
    /// UUIDv7.
    package var messageID: String
    package var correlationID: CorrelationID
    /// The id of the message that caused the event.
    package var causationID: String?
    package var traceparent: String?

    package init(
        messageID: String, correlationID: CorrelationID, causationID: String? = nil,
        traceparent: String? = nil
    ) {
        self.messageID = messageID
        self.correlationID = correlationID
        self.causationID = causationID
        self.traceparent = traceparent
    }
}

extension EventMetadata {
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("messageId", messageID)
            writer.field("correlationId", correlationID.description)
            if let causationID { writer.field("causationId", causationID) }
            if let traceparent { writer.field("traceparent", traceparent) }
        }
    }

    package var json: String {
        String(decoding: JSONWriter.encode { write(to: &$0) }, as: UTF8.self)
    }

    /// Nil unless the text has the format of ``json``.
    package init?(json: String) {
        var messageID: String?
        var correlationID: CorrelationID?
        var causationID: String?
        var traceparent: String?
        do throws(JSONError) {
            try JSONReader.read(json.utf8.span) { (reader) throws(JSONError) in
                try reader.object { (reader, key) throws(JSONError) in
                    switch key {
                    case "messageId": messageID = try reader.string()
                    case "correlationId": correlationID = CorrelationID(try reader.string())
                    case "causationId": causationID = try reader.stringOrNil()
                    case "traceparent": traceparent = try reader.stringOrNil()
                    default: try reader.skip()
                    }
                }
            }
        } catch {
            return nil
        }
        guard let messageID, let correlationID else { return nil }
        self.init(
            messageID: messageID, correlationID: correlationID, causationID: causationID,
            traceparent: traceparent)
    }
}
