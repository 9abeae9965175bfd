import EventLoop
import HTTP
import Orders
import WorkflowState

/// The protocol of a session.
enum WireProtocol: UInt8, CaseIterable, Sendable {
    /// The native WebSocket, `/ws`.
    case native
    /// Server-sent events.
    case events
    /// The SignalR hub's JSON protocol.
    case signalR

    /// The name in metrics and in the replica's registration.
    var name: String {
        switch self {
        case .native: "websocket"
        case .events: "sse"
        case .signalR: "signalr"
        }
    }

    var codec: any MessageCodec.Type {
        switch self {
        case .native: NativeCodec.self
        case .events: SSECodec.self
        case .signalR: SignalRCodec.self
        }
    }

    /// The update in this protocol; encoded on first use.
    @Loop func encoded(_ publication: EncodedPublication) -> Encoded {
        switch self {
        case .native: .frame(publication.frame)
        case .events: .event(publication.event)
        case .signalR: .frame(publication.hubFrame)
        }
    }
}

/// Encodes and decodes the messages of a protocol.
protocol MessageCodec: Sendable {
    /// Nil when the protocol has no such message.
    static func encode(_ message: ServerMessage) -> Encoded?
    /// The messages in one text; a hub's text may hold several.
    static func decode(_ text: Span<UInt8>) throws(ProtocolError) -> [ClientMessage]
}

/// Bytes that are ready to be sent.
enum Encoded: Sendable {
    case frame(WebSocketFrame)
    case event(ServerSentEvent)
}

/// A text that is no message of its protocol.
struct ProtocolError: Error, Sendable, Equatable {
    /// Shown to the client; contains nothing of the text.
    let detail: String

    init(_ detail: String) { self.detail = detail }
}
