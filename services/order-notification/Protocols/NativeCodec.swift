import EventLoop
import HTTP
import JSON
import Orders
import WorkflowState

/// The native WebSocket protocol: one JSON object a text frame.
enum NativeCodec: MessageCodec {
    private static let limits = JSONLimits(depth: 8, bytes: 24 << 10)

    static func encode(_ message: ServerMessage) -> Encoded? {
        json(message).map { .frame(frame($0)) }
    }

    /// - Parameter json: one object.
    static func frame(_ json: [UInt8]) -> WebSocketFrame { WebSocketFrame(text: json.span) }

    /// The message as JSON, also for the data of server-sent events.
    static func json(_ message: ServerMessage) -> [UInt8]? {
        switch message {
        case .welcome(let welcome):
            object("welcome") { writer in
                writer.field("connectionId", welcome.connectionID)
                writer.field("replica", welcome.replica)
                writer.field("userId", welcome.user.value)
                writer.field("epoch", welcome.position.epoch.text)
                writer.field("lastEventId", welcome.position.offset)
            }
        case .resumed(let count):
            object("resumed") { writer in
                writer.field("recovered", true)
                writer.field("count", count)
            }
        case .notResumed(let count, let position, let fetchAfter):
            object("resumed") { writer in
                writer.field("recovered", false)
                writer.field("count", count)
                writer.field("epoch", position.epoch.text)
                writer.field("lastEventId", position.offset)
                if let fetchAfter { writer.field("jitterMs", fetchAfter.nanoseconds / 1_000_000) }
            }
        case .refreshed(let time): object("refreshed") { $0.field("expiresAt", time.description) }
        case .status(let answer):
            object("status") { writer in
                writer.field("correlationId", answer.correlationID.description)
                writer.key("orderId")
                if let id = answer.orderID { writer.int(id.value) } else { writer.null() }
                writer.field("status", answer.status.wireName)
            }
        case .pong: object("pong") { _ in }
        case .fault(let code, let detail):
            object("error") { writer in
                writer.field("code", "\(code)")
                writer.field("detail", detail)
            }
        case .draining(let delay):
            object("draining") { $0.field("retryAfterMs", Int(delay.nanoseconds / 1_000_000)) }
        case .keepAlive, .close, .handshake, .completion: nil
        }
    }

    private static func object(_ type: String, _ fields: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONWriter.encode { writer in
            writer.object { writer in
                writer.field("type", type)
                fields(&writer)
            }
        }
    }

    static func decode(_ text: Span<UInt8>) throws(ProtocolError) -> [ClientMessage] {
        var fields = Fields()
        do throws(JSONError) {
            try JSONReader.read(text, limits: limits) { (reader) throws(JSONError) in
                try reader.object { (reader, key) throws(JSONError) in
                    switch key {
                    case "type": fields.type = try reader.stringOrNil()
                    case "token": fields.token = try reader.stringOrNil()
                    case "epoch": fields.epoch = try reader.stringOrNil()
                    case "correlationId": fields.correlationID = try reader.stringOrNil()
                    case "lastEventId":
                        fields.lastEventID =
                            try reader.peek() == .string
                            ? reader.string() : reader.intOrNil().map { String($0) }
                    default: try reader.skip()
                    }
                }
            }
        } catch {
            throw ProtocolError("Not a JSON object.")
        }
        return [fields.message]
    }

    private struct Fields {
        var type: String?
        var token: String?
        var epoch: String?
        var lastEventID: String?
        var correlationID: String?

        var message: ClientMessage {
            switch type {
            case "auth": .authenticate(token: token ?? "")
            case "refresh": .refresh(token: token ?? "")
            case "resume":
                // A resume without a position cannot be recovered.
                epoch == nil && lastEventID == nil
                    ? .resume(.unrecoverable) : .resume(ResumePoint(epoch: epoch, lastEventID: lastEventID))
            case "status": .status(correlationID.flatMap { CorrelationID($0) })
            case "ping": .ping
            default: .unknown
            }
        }
    }
}
