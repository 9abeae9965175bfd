extension JSONReader {
    /// A string's range in the document, without its quotes.
    struct StringToken {
        let range: Range<Int>
        let isEscaped: Bool
        var start: Int { range.lowerBound &- 1 }
    }

    package mutating func string() throws(JSONError) -> String {
        try text().string
    }

    /// Reads a string without copying it.
    @_lifetime(copy self)
    package mutating func text() throws(JSONError) -> JSONText {
        skipWhitespace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            _ = try peek()
            throw JSONError(.wrongKind, at: position, expected: .string)
        }
        let token = try scanString()
        return JSONText(bytes.extracting(token.range), isEscaped: token.isEscaped)
    }

    /// The string, or `nil` (with the value skipped) when the next value is of another kind.
    package mutating func stringOrNil() throws(JSONError) -> String? {
        if try peek() == .string { return try string() }
        try skip()
        return nil
    }

    @_lifetime(copy self)
    func text(_ token: StringToken) -> JSONText {
        JSONText(bytes.extracting(token.range), isEscaped: token.isEscaped)
    }

    /// Scans a string from its opening quote, checking control characters, escapes and UTF-8.
    mutating func scanString() throws(JSONError) -> StringToken {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw unexpected() }
        let start = position &+ 1
        var index = start
        var isEscaped = false
        var union: UInt64 = 0
        while index < bytes.count {
            if index &+ 8 <= bytes.count {
                let word = bytes.word(at: index)
                let plain = word.escapeMarks.trailingZeroBitCount & ~7
                union |= plain == 64 ? word : word & ((1 &<< UInt64(plain)) &- 1)
                index &+= plain &>> 3
                if plain == 64 { continue }
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                if union & 0x8080_8080_8080_8080 != 0 { try validateUTF8(start..<index) }
                position = index &+ 1
                return StringToken(range: start..<index, isEscaped: isEscaped)
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                index = try scanEscape(at: index)
                continue
            }
            guard byte >= 0x20 else { throw JSONError(.controlCharacter, at: index) }
            union |= UInt64(byte)
            index &+= 1
        }
        throw JSONError(.unexpectedEnd, at: index)
    }

    /// Checks the escape whose backslash is at `index`; returns the offset after it.
    private func scanEscape(at index: Int) throws(JSONError) -> Int {
        guard index + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: index + 1) }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index + 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(at: index + 2)
            guard unit & 0xF800 == 0xD800 else { return index + 6 }
            guard unit < 0xDC00, index + 7 < bytes.count, bytes[index + 6] == UInt8(ascii: "\\"),
                bytes[index + 7] == UInt8(ascii: "u"), try codeUnit(at: index + 8) & 0xFC00 == 0xDC00
            else { throw JSONError(.loneSurrogate, at: index) }
            return index + 12
        default:
            throw JSONError(.invalidEscape, at: index)
        }
    }

    private func codeUnit(at index: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for offset in index..<index + 4 {
            guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
            guard let digit = Self.hexDigit(bytes[offset]) else {
                throw JSONError(.invalidEscape, at: offset)
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private func validateUTF8(_ range: Range<Int>) throws(JSONError) {
        do {
            _ = try UTF8Span(validating: bytes.extracting(range))
        } catch {
            throw JSONError(.invalidUTF8, at: range.lowerBound + error.byteOffsets.lowerBound)
        }
    }
}
