/// The end of the connection: clients mask their frames, servers must not (RFC 6455, 5.1).
package enum WebSocketRole: UInt8, Sendable { case server, client }

package enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue & 8 != 0 }
}

/// Decodes frames into messages (RFC 6455, 5) as bytes arrive, without I/O.
///
/// Payloads are unmasked in place; a message that lies completely in the input is delivered without a copy.
/// Text is checked as it arrives, so that bad UTF-8 is refused before its message is complete.
package struct WebSocketFrameDecoder: Sendable {
    /// Where an event's payload is: in the input, or assembled from several pieces.
    package enum Payload: Sendable, Equatable {
        case inPlace(Range<Int>)
        case assembled([UInt8])
    }

    package enum Frame: Sendable, Equatable {
        case text(Payload)
        case binary(Payload)
        case ping(Payload)
        case pong(Payload)
        /// `.noStatus` for an empty close frame.
        case close(WebSocketCloseCode, String)
        /// A frame that does not complete its message.
        case fragment
    }

    private let role: WebSocketRole
    /// The opcode of the current data message; `.continuation` for none.
    private var message = WebSocketOpcode.continuation
    private var opcode = WebSocketOpcode.continuation
    private var isFinal = false
    private var isInPayload = false
    private var text = WebSocketUTF8Validator()
    private var key: UInt32 = 0
    private var left = 0
    private var fragments: [UInt8] = []
    private var control: [UInt8] = []

    package init(role: WebSocketRole) { self.role = role }

    /// Decodes from `offset`, which it advances past the consumed bytes.
    ///
    /// Every frame that has arrived is one event.
    ///
    /// - Parameter limit: the largest message, in bytes.
    /// - Returns: nil when more bytes are needed.
    package mutating func next(
        _ b: inout MutableSpan<UInt8>, at offset: inout Int, limit: Int
    ) throws(WebSocketError) -> Frame? {
        if !isInPayload {
            guard try readHeader(b.span, at: &offset, limit) else { return nil }
        }
        let chunk = offset..<(offset + min(left, b.count - offset))
        if key != 0 { key = applyMask(key, to: &b, in: chunk) }
        offset = chunk.upperBound
        left -= chunk.count
        let event = try opcode.isControl ? readControl(b.span, chunk) : readData(b.span, chunk)
        if left == 0 { isInPayload = false }
        return event
    }

    /// Bytes of an incomplete message.
    package var bufferedCount: Int { fragments.count }

    /// - Returns: false when the header is incomplete.
    private mutating func readHeader(
        _ b: Span<UInt8>, at offset: inout Int, _ limit: Int
    ) throws(WebSocketError) -> Bool {
        let available = b.count - offset
        guard available >= 2 else { return false }
        let first = b[offset]
        let second = b[offset + 1]
        guard first & 0x70 == 0 else { throw broken("reserved bit set") }
        guard let opcode = WebSocketOpcode(rawValue: first & 15) else { throw broken("unknown opcode") }
        guard (second & 0x80 != 0) == (role == .server) else { throw broken("wrong masking") }
        let isFinal = first & 0x80 != 0
        var length = Int(second & 127)
        if opcode.isControl {
            guard isFinal, length <= 125 else { throw broken("fragmented or long control frame") }
        } else {
            guard (opcode == .continuation) == (message != .continuation) else {
                throw broken("continuation out of place")
            }
        }
        let extended = length < 126 ? 0 : length == 126 ? 2 : 8
        let header = 2 + extended + (role == .server ? 4 : 0)
        guard available >= header else { return false }
        if extended > 0 {
            length = 0
            for i in 0..<extended {
                let byte = b[offset + 2 + i]
                guard i > 0 || extended == 2 || byte < 128 else { throw broken("length out of range") }
                length = length << 8 | Int(byte)
            }
            guard length > (extended == 2 ? 125 : 65_535) else { throw broken("length not in shortest form") }
        }
        if !opcode.isControl {
            guard length <= limit - fragments.count else {
                throw WebSocketError(.messageTooBig, "message too big")
            }
            if opcode != .continuation {
                message = opcode
                text = WebSocketUTF8Validator()
            }
        }
        key = 0
        if role == .server {
            for i in 0..<4 { key |= UInt32(b[offset + header - 4 + i]) << UInt32(8 * i) }
        }
        offset += header
        self.opcode = opcode
        self.isFinal = isFinal
        left = length
        isInPayload = true
        return true
    }

    private mutating func readData(
        _ b: Span<UInt8>, _ chunk: Range<Int>
    ) throws(WebSocketError) -> Frame? {
        let bytes = b.extracting(chunk)
        if message == .text, !text.accepts(bytes) { throw notUTF8 }
        guard left == 0, isFinal else {
            fragments.append(bytes)
            return left == 0 ? .fragment : nil
        }
        let isText = message == .text
        if isText, !text.isAtBoundary { throw notUTF8 }
        message = .continuation
        var payload = Payload.inPlace(chunk)
        if !fragments.isEmpty {
            fragments.append(bytes)
            payload = .assembled(fragments)
            fragments = []
        }
        return isText ? .text(payload) : .binary(payload)
    }

    private mutating func readControl(
        _ b: Span<UInt8>, _ chunk: Range<Int>
    ) throws(WebSocketError) -> Frame? {
        var payload = Payload.inPlace(chunk)
        if left > 0 || !control.isEmpty {
            control.append(b.extracting(chunk))
            guard left == 0 else { return nil }
            payload = .assembled(control)
            control = []
        }
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        default:
            switch payload {
            case .inPlace(let range): return try readClose(b.extracting(range))
            case .assembled(let bytes): return try readClose(bytes.span)
            }
        }
    }

    private func readClose(_ payload: Span<UInt8>) throws(WebSocketError) -> Frame {
        if payload.count == 0 { return .close(.noStatus, "") }
        guard payload.count >= 2 else { throw broken("close frame of one byte") }
        let code = WebSocketCloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isSendable else { throw broken("invalid close code") }
        guard let reason = String(utf8: payload.extracting(2..<payload.count)) else { throw notUTF8 }
        return .close(code, reason)
    }

    private var notUTF8: WebSocketError { WebSocketError(.invalidPayload, "text is not UTF-8") }
    private func broken(_ reason: String) -> WebSocketError { WebSocketError(.protocolError, reason) }
}
