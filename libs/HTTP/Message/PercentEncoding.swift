/// Percent-encoding of RFC 3986, 2.1.
package enum PercentEncoding {
    /// The byte that `%XX` at `i` stands for.
    static func value(_ bytes: Span<UInt8>, at i: Int) -> UInt8? {
        guard i + 2 < bytes.count, let high = Grammar.hexValue(bytes[i + 1]),
            let low = Grammar.hexValue(bytes[i + 2])
        else { return nil }
        return UInt8(high << 4 | low)
    }

    /// Decodes a part of a query: `+` is a space, invalid encodings stay as they are.
    static func decodeQuery(_ bytes: Span<UInt8>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var i = 0
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "%"), let byte = value(bytes, at: i) {
                decoded.append(byte)
                i += 3
            } else {
                decoded.append(bytes[i] == UInt8(ascii: "+") ? 32 : bytes[i])
                i += 1
            }
        }
        return String(repairing: decoded.span)
    }

    /// Encodes all but the unreserved characters: for a path segment, a query name or a query value.
    package static func encode(_ text: String) -> String {
        var out: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(repairing: out.span)
    }
}
