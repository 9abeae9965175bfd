/// The head of a request, validated: the length of its body is unambiguous.
package struct HTTPRequestHead: Sendable {
    package var method = HTTPMethod.get
    package var target = HTTPRequestTarget()
    package var headers = HTTPReceivedHeaders()
    package var framing = HTTPBodyFraming.none
    package var isVersion10 = false
    package var keepAlive = true
    package var expectsContinue = false
    /// Bytes from the start of the input to the end of the blank line.
    package var length = 0

    func withPathBytes<R>(_ body: (Span<UInt8>) -> R) -> R {
        target.decodedPath.isEmpty
            ? body(headers.bytes.span.extracting(target.rawPath)) : body(target.decodedPath.span)
    }
}

/// A strict, incremental parser of request heads (RFC 9112, 2–3, 5–6), without I/O.
///
/// The caller passes the unread bytes of a connection, always from the first byte of the head; every byte is read
/// once or twice, however the input is split. An error ends the connection.
package struct HTTPRequestParser: Sendable {
    private enum Stage: UInt8 { case requestLine, fields }

    private var stage = Stage.requestLine
    private var cursor = LineCursor()
    private var head = HTTPRequestHead()
    private var entries: [FieldEntry] = []

    package init() {}

    /// Whether a head has begun.
    package var isIdle: Bool { stage == .requestLine && cursor.lineStart == 0 }

    /// - Returns: the head, or nil when more bytes are needed.
    package mutating func next(
        _ bytes: Span<UInt8>, limits: HTTPHeadLimits
    ) throws(HTTPParseError) -> HTTPRequestHead? {
        if stage == .requestLine {
            guard try skipEmptyLine(bytes), cursor.shouldParse(bytes, limit: limits.startLine) else {
                return nil
            }
            guard let next = try readRequestLine(bytes, limits) else {
                cursor.suspend(bytes)
                return nil
            }
            cursor.advance(to: next)
            stage = .fields
        }
        while cursor.shouldParse(bytes, limit: limits.head - cursor.lineStart) {
            switch try FieldLine.read(bytes, at: cursor.lineStart, limit: limits.head) {
            case .incomplete:
                cursor.suspend(bytes)
                return nil
            case .field(let entry, let next):
                guard entries.count < limits.fields else {
                    throw HTTPParseError(.headerFieldsTooLarge, "too many fields")
                }
                if entries.isEmpty { entries.reserveCapacity(16) }
                entries.append(entry)
                cursor.advance(to: next)
            case .end(let next):
                return try finish(bytes.extracting(first: next))
            }
        }
        return nil
    }

    /// One empty line before a request is ignored (RFC 9112, 2.2).
    ///
    /// - Returns: false when more bytes are needed.
    private mutating func skipEmptyLine(_ b: Span<UInt8>) throws(HTTPParseError) -> Bool {
        guard cursor.lineStart == 0, b.count > 0, b[0] == 13 else { return b.count > cursor.lineStart }
        guard b.count > 1 else { return false }
        guard b[1] == 10 else { throw HTTPParseError(.badRequest, "CR without LF") }
        cursor.advance(to: 2)
        return b.count > 2
    }

    /// - Returns: the offset after the line, or nil when it is not complete.
    private mutating func readRequestLine(
        _ b: Span<UInt8>, _ limits: HTTPHeadLimits
    ) throws(HTTPParseError) -> Int? {
        let start = cursor.lineStart
        let end = min(b.count, start + limits.startLine)
        let cutByLimit = end < b.count || b.count - start >= limits.startLine
        var i = start
        while i < end, i - start < 32, Grammar.isToken(b[i]) { i += 1 }
        guard i < end else { return nil }
        guard i > start, b[i] == 32 else { throw HTTPParseError(.badRequest, "malformed method") }
        let method = start..<i
        i += 1
        let targetStart = i
        while i < end, b[i] > 32, b[i] < 127 { i += 1 }
        guard i < end else {
            if cutByLimit { throw HTTPParseError(.uriTooLong, "request line too long") }
            return nil
        }
        guard i > targetStart, b[i] == 32 else {
            throw HTTPParseError(.badRequest, "malformed request target")
        }
        let target = targetStart..<i
        i += 1
        guard let next = try readVersion(b, at: i, end: end) else {
            if cutByLimit { throw HTTPParseError(.uriTooLong, "request line too long") }
            return nil
        }
        guard let known = HTTPMethod(b.extracting(method)), known != .connect else {
            throw HTTPParseError(.notImplemented, "method not implemented")
        }
        head.method = known
        head.target = try HTTPRequestTarget(b, target, method: known)
        return next
    }

    /// `HTTP/1.1` or `HTTP/1.0` and CRLF.
    private mutating func readVersion(
        _ b: Span<UInt8>, at start: Int, end: Int
    ) throws(HTTPParseError) -> Int? {
        var i = start
        guard i + 10 <= end else {
            for byte in "HTTP/".utf8 where i < end {
                guard b[i] == byte else { throw HTTPParseError(.badRequest, "malformed version") }
                i += 1
            }
            while i < end {
                guard Grammar.isDigit(b[i]) || b[i] == 46 || b[i] == 13 else {
                    throw HTTPParseError(.badRequest, "malformed version")
                }
                i += 1
            }
            return nil
        }
        guard b[i] == 72, b[i + 1] == 84, b[i + 2] == 84, b[i + 3] == 80, b[i + 4] == 47 else {
            throw HTTPParseError(.badRequest, "malformed version")
        }
        i += 5
        guard Grammar.isDigit(b[i]), b[i + 1] == 46, Grammar.isDigit(b[i + 2]), b[i + 3] == 13, b[i + 4] == 10
        else { throw HTTPParseError(.badRequest, "malformed version") }
        // A later minor version is read as 1.1 (RFC 9110, 2.5).
        guard b[i] == 49 else {
            throw HTTPParseError(.versionNotSupported, "version not supported")
        }
        head.isVersion10 = b[i + 2] == 48
        return i + 5
    }

    private mutating func finish(_ bytes: Span<UInt8>) throws(HTTPParseError) -> HTTPRequestHead {
        head.length = bytes.count
        head.keepAlive = !head.isVersion10
        try RequestFraming.apply(entries, bytes, to: &head)
        head.headers = HTTPReceivedHeaders(bytes: [UInt8](copying: bytes), entries: entries)
        var finished = HTTPRequestHead()
        swap(&finished, &head)
        entries = []
        stage = .requestLine
        cursor = LineCursor()
        return finished
    }
}
