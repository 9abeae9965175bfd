internal import EventLoop

/// A request target (RFC 9112, 3.2): offsets into the head's bytes, and the decoded path when it had
/// percent-encodings.
///
/// Refused, because a proxy and a server may read them differently: characters outside RFC 3986, invalid
/// percent-encodings, encoded slashes, backslashes and controls, `.` and `..` segments, and paths and queries
/// that are not UTF-8.
package struct HTTPRequestTarget: Sendable {
    private var pathStart: UInt16 = 0
    private var pathEnd: UInt16 = 0
    private var end: UInt16 = 0
    private var authorityStart: UInt16 = 0
    private var authorityEnd: UInt16 = 0
    /// The decoded path, when it differs from the bytes on the wire.
    private(set) var decodedPath: [UInt8] = []
    /// `OPTIONS *`.
    package private(set) var isAsterisk = false

    /// The undecoded path in the head; empty for an absolute form without one.
    var rawPath: Range<Int> { Int(pathStart)..<Int(pathEnd) }
    /// The undecoded query, without its question mark; nil when there is none.
    var rawQuery: Range<Int>? { pathEnd == end ? nil : Int(pathEnd) + 1..<Int(end) }
    /// Path and query, as sent.
    var rawTarget: Range<Int> { Int(pathStart)..<Int(end) }
    /// The authority of an absolute form.
    var authority: Range<Int>? {
        authorityEnd == 0 ? nil : Int(authorityStart)..<Int(authorityEnd)
    }

    init() {}

    init(_ b: Span<UInt8>, _ target: Range<Int>, method: HTTPMethod) throws(HTTPParseError) {
        var start = target.lowerBound
        if b[start] != UInt8(ascii: "/") {
            if b[start] == UInt8(ascii: "*"), target.count == 1, method == .options {
                isAsterisk = true
                pathStart = UInt16(start)
                pathEnd = UInt16(target.upperBound)
                end = pathEnd
                return
            }
            start = try readAuthority(b, target)
        }
        pathStart = UInt16(start)
        var i = start
        var needsDecoding = i == target.upperBound || b[i] == UInt8(ascii: "?")
        var hasDot = false
        while i < target.upperBound, Grammar.isPath(b[i]) {
            if b[i] == UInt8(ascii: "%") { needsDecoding = true }
            if b[i] == UInt8(ascii: "."), b[i - 1] == UInt8(ascii: "/") { hasDot = true }
            i += 1
        }
        pathEnd = UInt16(i)
        end = UInt16(target.upperBound)
        if i < target.upperBound {
            guard b[i] == UInt8(ascii: "?") else {
                throw HTTPParseError(.badRequest, "invalid character in the path")
            }
            try Self.checkQuery(b.extracting((i + 1)..<target.upperBound))
        }
        if needsDecoding {
            decodedPath = try Self.decodePath(b.extracting(rawPath))
            hasDot = true
        }
        if hasDot {
            let refused =
                decodedPath.isEmpty
                ? Self.hasDotSegment(b.extracting(rawPath)) : Self.hasDotSegment(decodedPath.span)
            if refused { throw HTTPParseError(.badRequest, "dot segment in the path") }
        }
    }

    /// Reads `http://authority` of an absolute form; returns where the path starts.
    private mutating func readAuthority(_ b: Span<UInt8>, _ target: Range<Int>) throws(HTTPParseError) -> Int
    {
        let bytes = b.extracting(target)
        let scheme: Int
        if bytes.count > 7, Grammar.matches(bytes.extracting(first: 7), "http://") {
            scheme = 7
        } else if bytes.count > 8, Grammar.matches(bytes.extracting(first: 8), "https://") {
            scheme = 8
        } else {
            throw HTTPParseError(.badRequest, "malformed request target")
        }
        var i = target.lowerBound + scheme
        authorityStart = UInt16(i)
        while i < target.upperBound, b[i] != UInt8(ascii: "/"), b[i] != UInt8(ascii: "?") { i += 1 }
        authorityEnd = UInt16(i)
        guard Grammar.isAuthority(b.extracting(Int(authorityStart)..<i)) else {
            throw HTTPParseError(.badRequest, "invalid authority in the request target")
        }
        return i
    }

    private static func decodePath(_ path: Span<UInt8>) throws(HTTPParseError) -> [UInt8] {
        if path.count == 0 { return [UInt8(ascii: "/")] }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(path.count)
        var i = 0
        while i < path.count {
            var byte = path[i]
            if byte == UInt8(ascii: "%") {
                guard let value = PercentEncoding.byte(in: path, at: i) else {
                    throw HTTPParseError(.badRequest, "invalid percent-encoding")
                }
                guard value >= 32, value != 127, value != UInt8(ascii: "/"), value != UInt8(ascii: "\\")
                else {
                    throw HTTPParseError(.badRequest, "encoded separator or control in the path")
                }
                byte = value
                i += 2
            }
            decoded.append(byte)
            i += 1
        }
        guard String(utf8: decoded.span) != nil else {
            throw HTTPParseError(.badRequest, "path is not UTF-8")
        }
        return decoded
    }

    private static func checkQuery(_ query: Span<UInt8>) throws(HTTPParseError) {
        var needsDecoding = false
        for i in query.indices {
            guard Grammar.isQuery(query[i]) else {
                throw HTTPParseError(.badRequest, "invalid character in the query")
            }
            if query[i] == UInt8(ascii: "%") {
                guard let value = PercentEncoding.byte(in: query, at: i), value != 0 else {
                    throw HTTPParseError(.badRequest, "invalid percent-encoding")
                }
                needsDecoding = true
            }
        }
        if needsDecoding, PercentEncoding.decode(query) == nil {
            throw HTTPParseError(.badRequest, "query is not UTF-8")
        }
    }

    private static func hasDotSegment(_ path: Span<UInt8>) -> Bool {
        var start = 0
        for i in 0...path.count where i == path.count || path[i] == UInt8(ascii: "/") {
            let count = i - start
            if count > 0, count <= 2, path[start] == 46, path[i - 1] == 46 { return true }
            start = i + 1
        }
        return false
    }
}
