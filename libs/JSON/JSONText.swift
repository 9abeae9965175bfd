/// A validated string inside the document, which can be compared without a copy.
package struct JSONText: ~Escapable {
    /// The bytes between the quotes.
    @usableFromInline let content: Span<UInt8>
    /// Whether `content` contains escapes.
    @usableFromInline let isEscaped: Bool

    @_lifetime(copy content)
    init(_ content: Span<UInt8>, isEscaped: Bool) {
        self.content = content
        self.isEscaped = isEscaped
    }

    /// Byte-wise equality after unescaping (RFC 8259, section 8.3), without Unicode normalisation.
    package static func == (text: JSONText, literal: StaticString) -> Bool {
        text.isEscaped ? text.bytes.span.equals(literal) : text.content.equals(literal)
    }

    /// Equality with text that is known only at run time.
    package func equals(_ other: String) -> Bool {
        bytes.elementsEqual(other.utf8)
    }

    /// Allows `switch key { case "quantity": … }`.
    package static func ~= (literal: StaticString, text: JSONText) -> Bool { text == literal }

    package var string: String {
        guard !isEscaped, let valid = try? UTF8Span(validating: content) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        return String(copying: valid)
    }

    /// The string's UTF-8, unescaped.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        guard isEscaped else {
            bytes.append(content)
            return bytes
        }
        var index = 0
        while index < content.count {
            guard content[index] == UInt8(ascii: "\\") else {
                bytes.append(content[index])
                index += 1
                continue
            }
            index += 2
            switch content[index - 1] {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                var unit = codeUnit(at: index)
                index += 4
                if unit & 0xFC00 == 0xD800 {
                    unit = 0x10000 + (unit - 0xD800) << 10 + (codeUnit(at: index + 2) - 0xDC00)
                    index += 6
                }
                // The scanner rejects lone surrogates, so the replacement is never used.
                bytes.append(contentsOf: String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
            case let literal: bytes.append(literal)
            }
        }
        return bytes
    }

    /// Calls `body` with the string's UTF-8, unescaped; no copy unless the string contains escapes.
    @inlinable
    package func withBytes<Value, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        if isEscaped {
            let bytes = bytes
            return try body(bytes.span)
        }
        return try body(content)
    }

    /// The value of the four hexadecimal digits at `index`, which the scanner has checked.
    private func codeUnit(at index: Int) -> UInt32 {
        var unit: UInt32 = 0
        for offset in index..<index + 4 {
            unit = unit << 4 | UInt32(JSONReader.hexDigit(content[offset]) ?? 0)
        }
        return unit
    }
}
