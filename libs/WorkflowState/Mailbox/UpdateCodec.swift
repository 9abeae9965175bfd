internal import JSON
internal import Orders

/// The JSON of an update: on the user's channel, in the mailbox, and to native clients.
///
/// A native client's frame is `{"type":"order.status","id":…,"correlationId":…,"orderId":…,"status":…,
/// "occurredAt":…}`; an ephemeral one has no `id`. A mailbox stores what follows the id, the payload suffix.
/// The channel message is the frame with `"previous":…` in front, the previous offset or 0: a reader that has
/// not seen that one has missed an update. Of a traced update, `"trace":…` is before it.
package enum UpdateCodec {
    package static let type: StaticString = "\"type\":\"order.status\""
    package static let id: StaticString = ",\"id\":"
    package static let previous: StaticString = "{\"previous\":"
    package static let trace: StaticString = "{\"trace\":\""

    /// `,"correlationId":"…","orderId":1,"status":"COMPLETED","occurredAt":"…"}`. Nothing in it needs escapes.
    package static func payloadSuffix(_ update: StatusUpdate) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        bytes += #","correlationId":""#.utf8
        update.correlationID.append(to: &bytes)
        bytes += #"","orderId":"#.utf8
        bytes += String(update.orderID.value).utf8
        bytes += #","status":""#.utf8
        bytes += update.status.wireName.utf8
        bytes += #"","occurredAt":""#.utf8
        update.occurredAt.append(to: &bytes)
        bytes += #""}"#.utf8
        return bytes
    }

    package static func frame(offset: Int64?, suffix: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(suffix.count + 48)
        bytes.append(UInt8(ascii: "{"))
        appendHead(offset, to: &bytes)
        bytes += suffix
        return bytes
    }

    /// What the delivery script publishes, for the in-memory driver.
    package static func channelMessage(
        previous before: Int64, offset: Int64, suffix: [UInt8], traceparent: String? = nil
    ) -> [UInt8] {
        var bytes = Array("\(previous)\(before),".utf8)
        if let traceparent { bytes = Array("\(trace)\(traceparent)\",".utf8) + bytes.dropFirst() }
        appendHead(offset, to: &bytes)
        bytes += suffix
        return bytes
    }

    private static func appendHead(_ offset: Int64?, to bytes: inout [UInt8]) {
        bytes += "\(type)".utf8
        if let offset { bytes += "\(id)\(offset)".utf8 }
    }

    /// Parses a channel message or an ephemeral update; `nil` for anything else.
    package static func message(_ payload: [UInt8]) -> Publication? {
        guard let fields = try? fields(payload), let update = fields.update else { return nil }
        guard let offset = fields.id else {
            return Publication(update: update, offset: nil, frame: payload)
        }
        guard offset > 0, offset <= largestOffset else { return nil }
        return Publication(
            update: update, offset: offset, previous: fields.previous, frame: withoutHead(payload),
            traceparent: fields.trace)
    }

    /// Parses a mailbox entry.
    package static func entry(offset: Int64, suffix: [UInt8]) -> Publication? {
        let frame = frame(offset: offset, suffix: suffix)
        guard let update = (try? fields(frame))?.update else { return nil }
        return Publication(update: update, offset: offset, frame: frame)
    }

    /// What a double holds exactly: clients in JavaScript give it back to resume.
    private static let largestOffset: Int64 = 1 << 53

    private static let previousBytes = Array("\(previous)".utf8)
    private static let traceBytes = Array("\(trace)".utf8)

    /// Without what is for the replicas alone.
    private static func withoutHead(_ payload: [UInt8]) -> [UInt8] {
        var frame = payload
        for head in [traceBytes, previousBytes] where frame.starts(with: head) {
            guard let comma = frame.firstIndex(of: UInt8(ascii: ",")) else { return payload }
            frame.removeFirst(comma)
            frame[0] = UInt8(ascii: "{")
        }
        return frame
    }

    /// A linear scan of the names, which are few and short.
    private static func status(_ text: borrowing JSONText) -> OrderStatus? {
        switch text {
        case "COMPLETED": .completed
        case "PROCESSING": .processing
        case "FAILED": .failed
        case "CANCELLED": .cancelled
        case "ACCEPTED": .accepted
        default: nil
        }
    }

    private struct Fields {
        var type = false
        var previous: Int64?
        var trace: String?
        var id: Int64?
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var status: OrderStatus?
        var occurredAt: Timestamp?

        var update: StatusUpdate? {
            guard type, let correlationID, let orderID, let status, let occurredAt else { return nil }
            return StatusUpdate(
                correlationID: correlationID, orderID: orderID, status: status, occurredAt: occurredAt)
        }
    }

    private static func fields(_ json: [UInt8]) throws(JSONError) -> Fields {
        try JSONReader.read(json.span) { reader throws(JSONError) in
            var fields = Fields()
            try reader.object { reader, key throws(JSONError) in
                switch key {
                case "type": fields.type = try reader.text() == "order.status"
                case "previous": fields.previous = Int64(try reader.int())
                case "trace": fields.trace = try reader.stringOrNil()
                case "id": fields.id = Int64(try reader.int())
                case "correlationId":
                    fields.correlationID = try reader.text().withBytes { CorrelationID(ascii: $0) }
                case "orderId": fields.orderID = OrderID(Int64(try reader.int()))
                case "status": fields.status = status(try reader.text())
                case "occurredAt":
                    fields.occurredAt = try reader.text().withBytes { Timestamp(ascii: $0) }
                default: try reader.skip()
                }
            }
            return fields
        }
    }
}
