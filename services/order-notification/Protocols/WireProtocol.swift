import EventLoop
import HTTP
import Orders
import WorkflowState

/// What a session speaks.
enum WireProtocol: UInt8, CaseIterable, Sendable {
    /// The native WebSocket, `/ws`.
    case native
    /// Server-sent events.
    case events
    /// The SignalR hub's JSON protocol.
    case signalR

    /// As in metrics and in the replica's registration.
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

    /// The update in this wireProtocol; encoded when it is first asked for.
    @Loop func encoded(_ publication: Publication) -> Encoded {
        switch self {
        case .native: .frame(publication.frame)
        case .events: .event(publication.event)
        case .signalR: .frame(publication.hubFrame)
        }
    }
}

/// How a wireProtocol says what a session has to say, and what it understands.
protocol MessageCodec: Sendable {
    /// `nil` for what the wireProtocol has no words for.
    static func encode(_ message: ServerMessage) -> Encoded?
    /// The messages in one text; some wire protocols put several into one.
    static func decode(_ text: Span<UInt8>) throws(ProtocolError) -> [ClientMessage]
}

/// Bytes that are ready for an transport.
enum Encoded: Sendable {
    case frame(WebSocketFrame)
    case event(ServerSentEvent)
}

/// A text that is nothing in its wireProtocol.
struct ProtocolError: Error, Sendable, Equatable {
    /// Shown to the client; says nothing of the text.
    let detail: String

    init(_ detail: String) { self.detail = detail }
}
