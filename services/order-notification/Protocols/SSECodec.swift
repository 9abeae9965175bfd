import HTTP
import WorkflowState

/// Server-sent events with the native JSON as data. Clients send nothing.
enum SSECodec: MessageCodec {
    static func encode(_ message: ServerMessage) -> Encoded? {
        guard let json = NativeCodec.json(message) else { return end(message) }
        let (name, id): (String, String?)
        switch message {
        // Its id lets the browser resume here before it has received an update.
        case .welcome(let welcome): (name, id) = ("connected", welcome.position.description)
        case .resumed: (name, id) = ("resumed", nil)
        case .notResumed(_, let position, _): (name, id) = ("resumed", position.description)
        case .draining: (name, id) = ("draining", nil)
        default: (name, id) = ("error", nil)
        }
        return .event(ServerSentEvent(event: name, id: id, data: json.span))
    }

    private static func end(_ message: ServerMessage) -> Encoded? {
        guard case .close(let code, let reason, _) = message else { return nil }
        return .event(ServerSentEvent(event: "closed", data: #"{"code":\#(code),"reason":"\#(reason)"}"#))
    }

    static func update(_ json: [UInt8], at offset: Int64?, _ epoch: Epoch) -> ServerSentEvent {
        ServerSentEvent(event: "order.status", id: offset.map { "\(epoch):\($0)" }, data: json.span)
    }

    static func decode(_ text: Span<UInt8>) throws(ProtocolError) -> [ClientMessage] {
        throw ProtocolError("Nothing is read here.")
    }
}
