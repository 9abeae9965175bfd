/// The chunked transfer coding (RFC 9112, 7.1), decoded as bytes arrive, without I/O.
///
/// Strict: no space around the size, CRLF after each line and each chunk, trailers that are well-formed
/// fields (and are dropped). Sizes, extensions and trailers are bounded over the whole body, so that a
/// sender cannot add overhead without end.
package struct HTTPChunkedDecoder: Sendable {
    private enum State: UInt8 {
        case size, extensions, sizeLF, data, dataCR, dataLF, trailer, trailerName, trailerValue, trailerLF,
            endLF
        case done
    }

    /// Bytes of chunk extensions and trailers together.
    static let overheadLimit = 4096

    private var state = State.size
    private var left = 0
    private var digits: UInt8 = 0
    private var overhead: UInt16 = 0

    package init() {}

    package var isDone: Bool { state == .done }

    /// Appends decoded bytes to `body`.
    ///
    /// - Parameter limit: how large `body` may become.
    /// - Returns: bytes consumed; all of them, unless the body ended.
    package mutating func feed(
        _ b: Span<UInt8>, into body: inout [UInt8], limit: Int
    ) throws(HTTPParseError) -> Int {
        var i = 0
        while i < b.count, state != .done {
            if state == .data {
                let count = min(left, b.count - i)
                body.append(b.extracting(i..<(i + count)))
                i += count
                left -= count
                if left == 0 { state = .dataCR }
            } else {
                try step(b[i], room: limit - body.count)
                i += 1
            }
        }
        return i
    }

    private mutating func step(_ byte: UInt8, room: Int) throws(HTTPParseError) {
        switch state {
        case .size: try readSize(byte, room)
        case .extensions:
            try spend()
            guard Grammar.isFieldValue(byte) || byte == 13 else { throw malformed }
            if byte == 13 { state = .sizeLF }
        case .sizeLF:
            guard byte == 10 else { throw malformed }
            state = left == 0 ? .trailer : .data
            digits = 0
        case .dataCR:
            guard byte == 13 else { throw malformed }
            state = .dataLF
        case .dataLF:
            guard byte == 10 else { throw malformed }
            state = .size
        case .trailer:
            if byte == 13 {
                state = .endLF
            } else {
                try spend()
                guard Grammar.isToken(byte) else { throw malformed }
                state = .trailerName
            }
        case .trailerName:
            try spend()
            guard Grammar.isToken(byte) || byte == 58 else { throw malformed }
            if byte == 58 { state = .trailerValue }
        case .trailerValue:
            try spend()
            guard Grammar.isFieldValue(byte) || byte == 13 else { throw malformed }
            if byte == 13 { state = .trailerLF }
        case .trailerLF:
            guard byte == 10 else { throw malformed }
            state = .trailer
        case .endLF:
            guard byte == 10 else { throw malformed }
            state = .done
        case .data, .done: break
        }
    }

    private mutating func readSize(_ byte: UInt8, _ room: Int) throws(HTTPParseError) {
        if let digit = Grammar.hexValue(byte) {
            guard digits < 15 else { throw malformed }
            digits += 1
            left = left << 4 | digit
            guard left <= room else { throw HTTPParseError(.contentTooLarge, "body too large") }
        } else {
            guard digits > 0, byte == 13 || byte == UInt8(ascii: ";") else { throw malformed }
            state = byte == 13 ? .sizeLF : .extensions
        }
    }

    private mutating func spend() throws(HTTPParseError) {
        overhead += 1
        guard overhead <= Self.overheadLimit else {
            throw HTTPParseError(.badRequest, "chunk extensions or trailers too large")
        }
    }

    private var malformed: HTTPParseError { HTTPParseError(.badRequest, "malformed chunked body") }
}
