import HTTP
import JSON
import Orders
import WorkflowState

/// The SignalR hub's JSON protocol: objects that end with the record separator 0x1E, of which a
/// WebSocket message may hold several.
///
/// Source: "SignalR Hub Protocol", dotnet/aspnetcore, `src/SignalR/docs/specs/HubProtocol.md`.
enum SignalRCodec: MessageCodec {
    static let separator: UInt8 = 0x1E
    private static let limits = JSONLimits(depth: 8, bytes: 16 << 10)

    /// Message types.
    private enum Kind {
        static let invocation = 1
        static let completion = 3
        static let streamInvocation = 4
        static let cancelInvocation = 5
        static let ping = 6
        static let close = 7
        /// Messages of stateful reconnects, which are not supported.
        static let reliable = 8...9
    }

    /// Version 2 adds stateful reconnects for clients that negotiate them. Some clients send 0.
    private static let versions = 0...2

    // MARK: Encoding

    static func encode(_ message: ServerMessage) -> Encoded? {
        switch message {
        case .handshake(let error): record { $0.field("error", error) }
        // The handshake is accepted once every later update will be delivered.
        case .welcome: record { _ in }
        case .keepAlive: keepAlive
        case .close(_, let reason, let mayReturn):
            record { writer in
                writer.field("type", Kind.close)
                if !mayReturn { writer.field("error", reason) }
                writer.field("allowReconnect", mayReturn)
            }
        case .completion(let id, let completion):
            record { writer in
                writer.field("type", Kind.completion)
                writer.field("invocationId", id)
                write(completion, to: &writer)
            }
        case .resumed, .notResumed, .refreshed, .status, .pong, .fault, .draining: nil
        }
    }

    private static let keepAlive = record { $0.field("type", Kind.ping) }

    private static func write(_ completion: SignalRCompletion, to writer: inout JSONWriter) {
        switch completion {
        case .void: writer.field("result", nil as String?)
        case .text(let text): writer.field("result", text)
        case .failure(let text): writer.field("error", text)
        case .status(nil): writer.field("result", nil as String?)
        case .status(let answer?):
            writer.key("result")
            writer.object { writer in
                writer.field("status", answer.status.signalRValue)
                writer.key("orderId")
                if let id = answer.orderID { writer.int(id.value) } else { writer.null() }
            }
        }
    }

    /// The event `Notification`.
    static func notification(_ update: StatusUpdate) -> WebSocketFrame {
        frame { writer in
            writer.field("type", Kind.invocation)
            writer.field("target", "Notification")
            writer.key("arguments")
            writer.array { writer in
                writer.object { writer in
                    writer.key("correlationId")
                    writer.object { $0.field("value", update.correlationID.description) }
                    writer.field("status", update.status.signalRValue)
                    writer.field("orderId", update.orderID.value)
                }
            }
        }
    }

    private static func record(_ fields: (inout JSONWriter) -> Void) -> Encoded { .frame(frame(fields)) }

    private static func frame(_ fields: (inout JSONWriter) -> Void) -> WebSocketFrame {
        var bytes = JSONWriter.encode { $0.object(fields) }
        bytes.append(separator)
        return WebSocketFrame(text: bytes.span)
    }

    // MARK: Decoding

    static func decode(_ text: Span<UInt8>) throws(ProtocolError) -> [ClientMessage] {
        guard text.count > 0, text[text.count - 1] == separator else {
            throw ProtocolError("A message does not end with its separator.")
        }
        var messages: [ClientMessage] = []
        var start = 0
        for index in text.indices where text[index] == separator {
            messages.append(try message(text.extracting(start..<index)))
            start = index + 1
        }
        return messages
    }

    private static func message(_ text: Span<UInt8>) throws(ProtocolError) -> ClientMessage {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: text, limits: limits) } catch {
            throw ProtocolError("Not JSON.")
        }
        guard value.members != nil else { throw ProtocolError("Not a JSON object.") }
        guard let kind = value["type"] else { return handshake(value) }
        switch kind.int {
        case Kind.invocation?: return invocation(value)
        case Kind.streamInvocation?:
            return .invoke(.stream(value["target"]?.string ?? ""), id: value["invocationId"]?.string)
        case Kind.ping?, Kind.completion?, Kind.cancelInvocation?: return .ignored
        case Kind.close?: return .close
        case let kind? where Kind.reliable.contains(kind): return .ignored
        default: return .unknown
        }
    }

    private static func handshake(_ value: JSONValue) -> ClientMessage {
        guard let name = value["protocol"]?.string else {
            return .handshake(error: "Handshake was not recognised.")
        }
        guard name == "json" else {
            return .handshake(error: "The protocol '\(name.prefix(32))' is not supported.")
        }
        guard let version = value["version"]?.int, versions.contains(version) else {
            return .handshake(error: "The server does not support this version of the protocol.")
        }
        return .handshake(error: nil)
    }

    private static func invocation(_ value: JSONValue) -> ClientMessage {
        let target = value["target"]?.string ?? ""
        let argument = value["arguments"]?[0]
        let call: SignalRInvocation =
            switch target.lowercased() {
            case "ping": .ping
            case "registerorder": .registerOrder(correlationID(argument))
            case "getcurrentstatus": .currentStatus(correlationID(argument))
            default: .unknown(String(target.prefix(64)))
            }
        return .invoke(call, id: value["invocationId"]?.string)
    }

    /// A string, or an object that wraps one as `value`.
    private static func correlationID(_ argument: JSONValue?) -> CorrelationID? {
        (argument?.string ?? argument?["value"]?.string).flatMap { CorrelationID($0) }
    }
}
