import EventLoop
import HTTP
import Orders
import WorkflowState

/// What a session speaks.
enum Dialect: UInt8, CaseIterable, Sendable {
    /// The native WebSocket, `/ws`.
    case native
    /// Server-sent events.
    case events
    /// The SignalR hub's JSON protocol.
    case hub

    /// As in metrics and in the replica's registration.
    var name: String {
        switch self {
        case .native: "websocket"
        case .events: "sse"
        case .hub: "signalr"
        }
    }

    var codec: any Codec.Type {
        switch self {
        case .native: NativeCodec.self
        case .events: EventsCodec.self
        case .hub: HubCodec.self
        }
    }

    /// The update in this dialect; encoded when it is first asked for.
    @Loop func encoded(_ outgoing: Outgoing) -> Encoded {
        switch self {
        case .native: .frame(outgoing.frame)
        case .events: .event(outgoing.event)
        case .hub: .frame(outgoing.hubFrame)
        }
    }
}

/// How a dialect says what a session has to say, and what it understands.
protocol Codec: Sendable {
    /// `nil` for what the dialect has no words for.
    static func encode(_ message: ServerMessage) -> Encoded?
    /// The messages in one text; some dialects put several into one.
    static func decode(_ text: Span<UInt8>) throws(DialectFault) -> [ClientMessage]
}

/// Bytes that are ready for an outlet.
enum Encoded: Sendable {
    case frame(WebSocketFrame)
    case event(ServerSentEvent)
}

/// A text that is nothing in its dialect.
struct DialectFault: Error, Sendable, Equatable {
    /// Shown to the client; says nothing of the text.
    let detail: String

    init(_ detail: String) { self.detail = detail }
}
