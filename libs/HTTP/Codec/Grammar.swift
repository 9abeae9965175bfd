/// The byte classes of RFC 9110, RFC 9112 and RFC 3986, each a bitmap of the 128 ASCII codes.
enum Grammar {
    /// `tchar` (RFC 9110, 5.6.2).
    @inline(__always) static func isToken(_ byte: UInt8) -> Bool {
        contains(byte, 0x3ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe)
    }
    /// The characters of a path (RFC 3986, 3.3), percent sign included.
    @inline(__always) static func isPath(_ byte: UInt8) -> Bool {
        contains(byte, 0x2fff_fff2_0000_0000, 0x47ff_fffe_87ff_ffff)
    }
    /// The characters of a query (RFC 3986, 3.4), percent sign included.
    @inline(__always) static func isQuery(_ byte: UInt8) -> Bool {
        contains(byte, 0xafff_fff2_0000_0000, 0x47ff_fffe_87ff_ffff)
    }
    /// The unreserved characters, which real host names and IPv4 addresses consist of. RFC 3986, 3.2.2, allows more
    /// in a registered name.
    @inline(__always) static func isHostName(_ byte: UInt8) -> Bool {
        contains(byte, 0x03ff_6000_0000_0000, 0x47ff_fffe_87ff_fffe)
    }
    /// `field-vchar`, SP and HTAB (RFC 9110, 5.5).
    @inline(__always) static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 32 && byte != 127) || byte == 9
    }
    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    @inline(__always) static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    @inline(__always) static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 32 : byte }
    @inline(__always) static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 97...102: Int(byte) - 87
        case 65...70: Int(byte) - 55
        default: nil
        }
    }

    @inline(__always) private static func contains(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 != 0
    }

    /// `uri-host [":" port]`: a name, an IPv4 address or a bracketed IPv6 address; not empty, no user part.
    static func isAuthority(_ bytes: Span<UInt8>) -> Bool {
        var i = 0
        if bytes.count > 0, bytes[0] == UInt8(ascii: "[") {
            i = 1
            while i < bytes.count, hexValue(bytes[i]) != nil || bytes[i] == 58 || bytes[i] == 46 { i += 1 }
            guard i > 3, i < bytes.count, bytes[i] == UInt8(ascii: "]") else { return false }
            i += 1
        } else {
            while i < bytes.count, isHostName(bytes[i]) { i += 1 }
            guard i > 0 else { return false }
        }
        guard i < bytes.count else { return true }
        guard bytes[i] == UInt8(ascii: ":"), bytes.count - i <= 6 else { return false }
        var port = 0
        for k in (i + 1)..<bytes.count {
            guard isDigit(bytes[k]) else { return false }
            port = port * 10 + Int(bytes[k] - 48)
        }
        return port <= 65535
    }

    /// ASCII comparison without regard to case; `text` is in lower case.
    static func matches(_ bytes: Span<UInt8>, _ text: String) -> Bool {
        let text = text.utf8.span
        guard text.count == bytes.count else { return false }
        for i in bytes.indices where lowercase(bytes[i]) != text[i] { return false }
        return true
    }

    /// Calls `body` with each non-empty element of a comma-separated list (RFC 9110, 5.6.1) until it
    /// returns false. Quoted strings are not parsed: the lists read here have none.
    static func forEachElement(_ bytes: Span<UInt8>, _ body: (Range<Int>) -> Bool) {
        var i = 0
        while i < bytes.count {
            while i < bytes.count, bytes[i] == 44 || isSpace(bytes[i]) { i += 1 }
            let start = i
            while i < bytes.count, bytes[i] != 44 { i += 1 }
            var end = i
            while end > start, isSpace(bytes[end - 1]) { end -= 1 }
            if end > start, !body(start..<end) { return }
        }
    }

    static func contains(_ bytes: Span<UInt8>, element: String) -> Bool {
        var found = false
        forEachElement(bytes) { range in
            found = matches(bytes.extracting(range), element)
            return !found
        }
        return found
    }
}
