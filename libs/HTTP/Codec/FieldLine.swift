/// One line of a header section (RFC 9112, 5), read strictly: a token, a colon right after it, a value without
/// controls, CRLF. No folding, no bare CR or LF.
enum FieldLine {
    case field(FieldEntry, next: Int)
    case end(next: Int)
    case incomplete

    /// - Parameter limit: the offset where the section must have ended; reaching it throws 431.
    static func read(_ b: Span<UInt8>, at start: Int, limit: Int) throws(HTTPParseError) -> FieldLine {
        let end = min(b.count, limit)
        var i = start
        guard i < end else { return try short(b, limit) }
        if b[i] == 13 {
            guard i + 1 < end else { return try short(b, limit) }
            guard b[i + 1] == 10 else { throw HTTPParseError(.badRequest, "CR without LF") }
            return .end(next: i + 2)
        }
        while i < end, Grammar.isToken(b[i]) { i += 1 }
        guard i < end else { return try short(b, limit) }
        guard i > start, b[i] == 58 else { throw HTTPParseError(.badRequest, "malformed field name") }
        let nameEnd = i
        i += 1
        while i < end, Grammar.isSpace(b[i]) { i += 1 }
        let valueStart = i
        while i < end, Grammar.isFieldValue(b[i]) { i += 1 }
        guard i < end else { return try short(b, limit) }
        guard b[i] == 13 else { throw HTTPParseError(.badRequest, "control character in a field") }
        guard i + 1 < end else { return try short(b, limit) }
        guard b[i + 1] == 10 else { throw HTTPParseError(.badRequest, "CR without LF") }
        var valueEnd = i
        while valueEnd > valueStart, Grammar.isSpace(b[valueEnd - 1]) { valueEnd -= 1 }
        let entry = FieldEntry(
            nameStart: UInt16(start), nameCount: UInt16(nameEnd - start),
            valueStart: UInt16(valueStart), valueCount: UInt16(valueEnd - valueStart))
        return .field(entry, next: i + 2)
    }

    private static func short(_ b: Span<UInt8>, _ limit: Int) throws(HTTPParseError) -> FieldLine {
        if b.count >= limit { throw HTTPParseError(.headerFieldsTooLarge, "header section too large") }
        return .incomplete
    }
}
