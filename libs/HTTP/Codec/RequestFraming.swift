/// How the end of a message's body is found.
package enum HTTPBodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// Only for responses: the body ends with the connection (RFC 9112, 6.3).
    case untilClose
}

/// The fields that decide where a request ends (RFC 9112, 3.2 and 6) and what its body is, refusing everything that two
/// parsers could read differently.
enum RequestFraming {
    static func apply(_ entries: [FieldEntry], _ b: Span<UInt8>, to head: inout HTTPRequestHead)
        throws(HTTPParseError)
    {
        var hosts = 0
        var length: Int?
        var chunked = false
        var isEncoded = false
        var types = 0
        for entry in entries {
            let name = b.extracting(entry.name)
            let value = b.extracting(entry.value)
            switch entry.nameCount {
            case 4 where Grammar.matches(name, "host"):
                hosts += 1
                guard hosts == 1, Grammar.isAuthority(value) else {
                    throw HTTPParseError(.badRequest, "invalid Host")
                }
                if let authority = head.target.authority {
                    guard equal(b.extracting(authority), value) else {
                        throw HTTPParseError(.badRequest, "Host differs from the request target")
                    }
                }
            case 6 where Grammar.matches(name, "expect"):
                guard !head.isVersion10 else { continue }
                guard Grammar.matches(value, "100-continue") else {
                    throw HTTPParseError(.expectationFailed, "unknown expectation")
                }
                head.expectsContinue = true
            case 10 where Grammar.matches(name, "connection"):
                readConnection(value, &head)
            case 12 where Grammar.matches(name, "content-type"):
                types += 1
                guard types == 1 else { throw HTTPParseError(.badRequest, "several Content-Type") }
            case 14 where Grammar.matches(name, "content-length"):
                guard length == nil else { throw HTTPParseError(.badRequest, "several Content-Length") }
                length = try contentLength(value)
            case 16 where Grammar.matches(name, "content-encoding"):
                Grammar.forEachElement(value) { range in
                    if !Grammar.matches(value.extracting(range), "identity") { isEncoded = true }
                    return true
                }
            case 17 where Grammar.matches(name, "transfer-encoding"):
                guard !chunked, !head.isVersion10 else {
                    throw HTTPParseError(.badRequest, "misplaced Transfer-Encoding")
                }
                try checkTransferCoding(value)
                chunked = true
            default: break
            }
        }
        guard hosts == 1 || head.isVersion10 else { throw HTTPParseError(.badRequest, "Host missing") }
        guard !chunked || length == nil else {
            throw HTTPParseError(.badRequest, "Content-Length with Transfer-Encoding")
        }
        if chunked { head.framing = .chunked } else if let length { head.framing = .length(length) }
        if isEncoded, chunked || length ?? 0 > 0 {
            throw HTTPParseError(.unsupportedMediaType, "content coding not implemented")
        }
        if closeRequested(entries, b) { head.keepAlive = false }
    }

    /// Only digits, up to 15.
    static func contentLength(_ value: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard value.count > 0, value.count <= 15 else {
            throw HTTPParseError(.badRequest, "invalid Content-Length")
        }
        var length = 0
        for i in value.indices {
            guard Grammar.isDigit(value[i]) else {
                throw HTTPParseError(.badRequest, "invalid Content-Length")
            }
            length = length * 10 + Int(value[i] - 48)
        }
        return length
    }

    /// `chunked` and nothing else: other codings are unknown (501), but `chunked` in another place
    /// attacks the framing (400).
    private static func checkTransferCoding(_ value: Span<UInt8>) throws(HTTPParseError) {
        if Grammar.matches(value, "chunked") { return }
        guard value.count > 0 else { throw HTTPParseError(.badRequest, "empty Transfer-Encoding") }
        var count = 0
        var chunkedAt: [Int] = []
        Grammar.forEachElement(value) { range in
            if Grammar.matches(value.extracting(range), "chunked") { chunkedAt.append(count) }
            count += 1
            return true
        }
        if chunkedAt.isEmpty || chunkedAt == [count - 1] && count > 1 {
            throw HTTPParseError(.notImplemented, "transfer coding not implemented")
        }
        throw HTTPParseError(.badRequest, "malformed Transfer-Encoding")
    }

    private static func readConnection(_ value: Span<UInt8>, _ head: inout HTTPRequestHead) {
        if head.isVersion10, Grammar.contains(value, element: "keep-alive") { head.keepAlive = true }
    }

    /// `close` wins at any position.
    private static func closeRequested(_ entries: [FieldEntry], _ b: Span<UInt8>) -> Bool {
        for entry in entries where entry.nameCount == 10 {
            if Grammar.matches(b.extracting(entry.name), "connection"),
                Grammar.contains(b.extracting(entry.value), element: "close")
            {
                return true
            }
        }
        return false
    }

    private static func equal(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for i in a.indices where Grammar.lowercase(a[i]) != Grammar.lowercase(b[i]) { return false }
        return true
    }
}
