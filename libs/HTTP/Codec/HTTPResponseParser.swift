/// The head of a response, validated.
package struct HTTPResponseHead: Sendable {
    package var status = HTTPStatus.ok
    package var headers = HTTPReceivedHeaders()
    package var framing = HTTPBodyFraming.none
    package var keepAlive = true
    /// Bytes from the start of the input to the end of the blank line.
    package var length = 0
}

/// A strict, incremental parser of response heads (RFC 9112, 4–6), without I/O; see ``HTTPRequestParser`` for
/// its input. The status of an error has no meaning here.
package struct HTTPResponseParser: Sendable {
    private var hasStatus = false
    private var isVersion10 = false
    private var cursor = LineCursor()
    private var status = HTTPStatus.ok
    private var entries: [FieldEntry] = []

    package init() {}

    /// - Parameter method: of the request, which decides whether there is a body.
    /// - Returns: the head, interim ones (1xx) included, or nil when more bytes are needed.
    package mutating func next(
        _ bytes: Span<UInt8>, limits: HTTPHeadLimits, answering method: HTTPMethod
    ) throws(HTTPParseError) -> HTTPResponseHead? {
        if !hasStatus {
            guard cursor.shouldParse(bytes, limit: limits.startLine) else { return nil }
            guard let next = try readStatusLine(bytes, limit: limits.startLine) else {
                cursor.suspend(bytes)
                return nil
            }
            cursor.advance(to: next)
            hasStatus = true
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
                entries.append(entry)
                cursor.advance(to: next)
            case .end(let next):
                return try finish(bytes.extracting(first: next), method)
            }
        }
        return nil
    }

    /// `HTTP/1.1 200 OK`; the reason may be missing.
    private mutating func readStatusLine(_ b: Span<UInt8>, limit: Int) throws(HTTPParseError) -> Int? {
        let end = min(b.count, limit)
        var i = 0
        for byte in "HTTP/1.".utf8 {
            guard i < end else { return nil }
            guard b[i] == byte else { throw malformed }
            i += 1
        }
        guard i + 5 <= end else { return nil }
        guard b[7] == 48 || b[7] == 49, b[8] == 32 else { throw malformed }
        isVersion10 = b[7] == 48
        var code = 0
        for k in 9..<12 {
            guard Grammar.isDigit(b[k]) else { throw malformed }
            code = code * 10 + Int(b[k] - 48)
        }
        guard code >= 100 else { throw malformed }
        status = HTTPStatus(code)
        i = 12
        guard i < end else { return nil }
        guard b[i] == 32 || b[i] == 13 else { throw malformed }
        while i < end, Grammar.isFieldValue(b[i]) { i += 1 }
        guard i + 1 < end else {
            if b.count >= limit { throw HTTPParseError(.headerFieldsTooLarge, "status line too long") }
            return nil
        }
        guard b[i] == 13, b[i + 1] == 10 else { throw malformed }
        return i + 2
    }

    private mutating func finish(_ b: Span<UInt8>, _ method: HTTPMethod) throws(HTTPParseError)
        -> HTTPResponseHead
    {
        var head = HTTPResponseHead()
        head.status = status
        head.length = b.count
        head.keepAlive = !isVersion10
        var length: Int?
        var chunked = false
        for entry in entries {
            let name = b.extracting(entry.name)
            let value = b.extracting(entry.value)
            switch entry.nameCount {
            case 10 where Grammar.matches(name, "connection"):
                if Grammar.contains(value, element: "close") { head.keepAlive = false }
            case 14 where Grammar.matches(name, "content-length"):
                guard length == nil else { throw HTTPParseError(.badGateway, "several Content-Length") }
                length = try RequestFraming.contentLength(value)
            case 17 where Grammar.matches(name, "transfer-encoding"):
                guard !chunked, !isVersion10, Grammar.matches(value, "chunked") else {
                    throw HTTPParseError(.badGateway, "unknown Transfer-Encoding")
                }
                chunked = true
            default: break
            }
        }
        guard !chunked || length == nil else {
            throw HTTPParseError(.badGateway, "Content-Length with Transfer-Encoding")
        }
        if method == .head || status.forbidsContent {
            head.framing = .none
        } else if chunked {
            head.framing = .chunked
        } else if let length {
            head.framing = .length(length)
        } else {
            head.framing = .untilClose
            head.keepAlive = false
        }
        head.headers = HTTPReceivedHeaders(bytes: [UInt8](copying: b), entries: entries)
        self = HTTPResponseParser()
        return head
    }

    private var malformed: HTTPParseError { HTTPParseError(.badGateway, "malformed status line") }
}
