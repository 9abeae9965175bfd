/// An incremental UTF-8 check (RFC 3629) that refuses at the first impossible byte.
package struct WebSocketUTF8Validator: Sendable {
    /// Continuation bytes still expected, and the range of the next one.
    private var due: UInt8 = 0
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    package init() {}

    /// Whether no character is incomplete.
    package var isAtBoundary: Bool { due == 0 }

    package mutating func accepts(_ bytes: Span<UInt8>) -> Bool {
        var i = 0
        while i < bytes.count {
            let byte = bytes[i]
            if due == 0 {
                if byte < 0x80 {
                    i += max(1, asciiPrefix(bytes, from: i))
                    continue
                }
                guard begin(byte) else { return false }
            } else {
                guard byte >= low, byte <= high else { return false }
                due -= 1
                low = 0x80
                high = 0xBF
            }
            i += 1
        }
        return true
    }

    /// Excludes overlong forms, surrogates and code points beyond U+10FFFF.
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xC2...0xDF: due = 1
        case 0xE0...0xEF:
            due = 2
            if byte == 0xE0 { low = 0xA0 }
            if byte == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            due = 3
            if byte == 0xF0 { low = 0x90 }
            if byte == 0xF4 { high = 0x8F }
        default: return false
        }
        return true
    }
}
