import HTTP
import WorkflowState

/// Server-sent events: the native JSON as data. They say nothing back.
enum SSECodec: MessageCodec {
    static func encode(_ message: ServerMessage) -> Encoded? {
        guard let json = NativeCodec.json(message) else { return end(message) }
        let (name, id): (String, String?)
        switch message {
        // Its id lets the browser come back to this place although no update has come yet.
        case .welcome(let welcome): (name, id) = ("connected", welcome.position.description)
        case .resumed: (name, id) = ("resumed", nil)
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
