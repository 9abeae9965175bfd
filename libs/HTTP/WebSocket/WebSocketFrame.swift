/// A server's frame, encoded once and sent to any number of sockets.
package struct WebSocketFrame: Sendable {
    package let bytes: [UInt8]

    package init(text: String) { bytes = WebSocketFrameEncoder.encode(.text, text.utf8.span) }
    /// - Parameter text: UTF-8; it is not checked.
    package init(text: Span<UInt8>) { bytes = WebSocketFrameEncoder.encode(.text, text) }
    package init(binary: Span<UInt8>) { bytes = WebSocketFrameEncoder.encode(.binary, binary) }
}

/// Writes frames (RFC 6455, 5.2), always with the shortest length.
package enum WebSocketFrameEncoder {
    /// The longest header: two bytes, a 64-bit length, a key.
    static let maxHeader = 14

    static func encode(_ opcode: WebSocketOpcode, _ payload: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(payload.count + maxHeader)
        append(opcode, payload, to: &out)
        return out
    }

    /// - Parameter mask: the key of a client's frame; nil for a server's.
    package static func append(
        _ opcode: WebSocketOpcode, _ payload: Span<UInt8>, isFinal: Bool = true, mask: UInt32? = nil,
        to out: inout [UInt8]
    ) {
        out.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        let count = payload.count
        if count < 126 {
            out.append(maskBit | UInt8(count))
        } else if count < 65_536 {
            out.append(maskBit | 126)
            out.append(UInt8(count >> 8))
            out.append(UInt8(truncatingIfNeeded: count))
        } else {
            out.append(maskBit | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        guard let mask else { return out.append(payload) }
        for i in 0..<4 { out.append(UInt8(truncatingIfNeeded: mask >> UInt32(8 * i))) }
        let start = out.count
        out.append(payload)
        var span = out.mutableSpan
        _ = applyMask(mask, to: &span, in: start..<span.count)
    }

    /// The payload of a close frame; the reason is cut to 123 bytes at a character.
    static func closePayload(_ code: WebSocketCloseCode, _ reason: String) -> [UInt8] {
        guard code != .noStatus else { return [] }
        var payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
        for character in reason {
            guard payload.count + character.utf8.count <= 125 else { break }
            payload.append(contentsOf: character.utf8)
        }
        return payload
    }
}
