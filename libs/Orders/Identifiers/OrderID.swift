/// An order's number, positive and below 2^53, so that JavaScript represents it exactly.
package struct OrderID: Hashable, Sendable {
    package static let largest: Int64 = (1 << 53) - 1

    package let value: Int64

    package init?(_ value: Int64) {
        guard value > 0, value <= Self.largest else { return nil }
        self.value = value
    }

    /// Parses decimal digits without sign or leading zero.
    package init?(_ text: String) {
        self.init(ascii: text.utf8Span.span)
    }

    /// See `init(_:)`.
    package init?(ascii: Span<UInt8>) {
        guard (1...16).contains(ascii.count), ascii[0] != UInt8(ascii: "0") else { return nil }
        var value: Int64 = 0
        for index in 0..<ascii.count {
            guard let digit = ascii[index].decimalDigit else { return nil }
            value = value * 10 + digit
        }
        self.init(value)
    }
}

extension OrderID: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

extension OrderID: CustomStringConvertible {
    package var description: String { String(value) }
}

extension UInt8 {
    /// The value of an ASCII decimal digit.
    var decimalDigit: Int64? {
        (0x30...0x39).contains(self) ? Int64(self - 0x30) : nil
    }
}
