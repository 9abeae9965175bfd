/// A universally unique identifier (RFC 9562) as two numbers.
package struct UUID: Hashable, Sendable {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension UUID: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension UUID {
    package static let textLength = 36

    /// Parses the canonical form of 36 characters, case-insensitively; no braces, no URN prefix, no missing dashes.
    package init?(_ text: String) {
        self.init(ascii: text.utf8Span.span)
    }

    /// See `init(_:)`.
    ///
    /// - Parameter isStrict: refuses upper-case digits, which ``description`` would not repeat.
    package init?(ascii: Span<UInt8>, isStrict: Bool = false) {
        guard ascii.count == Self.textLength else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<Self.textLength {
            let byte = ascii[index]
            if Self.isDash(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.value(ofHexDigit: byte, isStrict) else { return nil }
            if index < 18 { high = high << 4 | digit } else { low = low << 4 | digit }
        }
        self.init(high: high, low: low)
    }

    /// Appends the canonical lower-case form.
    package func append(to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "-"), count: Self.textLength))
        // Writes in place: appending each digit costs several times as much, and each order formats many ids.
        var text = bytes.mutableSpan
        var half = high
        var shift: UInt64 = 64
        for index in 0..<Self.textLength where !Self.isDash(index) {
            if shift == 0 { (half, shift) = (low, 64) }
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: half >> shift & 0xF)
            text[start + index] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
    }

    private static func isDash(_ index: Int) -> Bool {
        index == 8 || index == 13 || index == 18 || index == 23
    }

    private static func value(ofHexDigit byte: UInt8, _ isStrict: Bool) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x57)
        case 0x41...0x46 where !isStrict: UInt64(byte - 0x37)
        default: nil
        }
    }
}

extension UUID: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.textLength)
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
