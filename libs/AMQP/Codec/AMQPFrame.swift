/// One frame's range in a buffer (AMQP 0-9-1, section 2.3.5): type, channel, size, payload, end octet.
///
/// rabbitmq-c's `amqp_handle_input` copies each frame into a pool that must be released by channel, and needs
/// a connection object with a socket; splitting takes seven bytes of header.
package struct AMQPFrame: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case method = 1
        case header = 2
        case body = 3
        case heartbeat = 8
    }

    package static let headerSize = 7
    /// Header and end octet.
    package static let overhead = 8
    package static let end: UInt8 = 0xCE

    package let kind: Kind
    package let channel: UInt16
    package let payload: Range<Int>

    /// Where the next frame begins.
    package var upperBound: Int { payload.upperBound + 1 }

    /// Finds the frame that begins at `offset`; nil when it is incomplete.
    /// - Parameter maximum: the negotiated `frame-max`, overhead included.
    package static func find(in bytes: Span<UInt8>, at offset: Int, maximum: Int) throws(AMQPError)
        -> AMQPFrame?
    {
        guard bytes.count - offset >= headerSize else { return nil }
        guard let kind = Kind(rawValue: bytes[offset]) else {
            // A broker of another protocol version answers with its own protocol header, "AMQP…".
            throw AMQPError(.protocolViolation, "unknown frame type \(bytes[offset])")
        }
        let channel = UInt16(bytes[offset + 1]) << 8 | UInt16(bytes[offset + 2])
        var size = 0
        for index in 3..<7 { size = size << 8 | Int(bytes[offset + index]) }
        guard size + overhead <= maximum else {
            throw AMQPError(.protocolViolation, replyCode: 501, "a frame of \(size) bytes is over frame-max")
        }
        guard bytes.count - offset >= size + overhead else { return nil }
        let start = offset + headerSize
        guard bytes[start + size] == end else {
            throw AMQPError(.protocolViolation, replyCode: 501, "a frame without its end octet")
        }
        return AMQPFrame(kind: kind, channel: channel, payload: start..<start + size)
    }

    package static let heartbeat: [UInt8] = [Kind.heartbeat.rawValue, 0, 0, 0, 0, 0, 0, end]
    package static let protocolHeader: [UInt8] = [0x41, 0x4D, 0x51, 0x50, 0, 0, 9, 1]

    static func appendHeader(_ kind: Kind, channel: UInt16, size: Int, to output: inout [UInt8]) {
        output.append(kind.rawValue)
        output.append(UInt8(truncatingIfNeeded: channel >> 8))
        output.append(UInt8(truncatingIfNeeded: channel))
        for shift in stride(from: 24, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: size >> shift))
        }
    }
}
