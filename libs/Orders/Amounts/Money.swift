/// An exact amount in hundredths of its currency's unit.
package struct Money: Hashable, Sendable {
    package static let zero = Money(hundredths: 0)

    package let hundredths: Int64

    package init(hundredths: Int64) {
        self.hundredths = hundredths
    }

    /// Nil on overflow.
    package func multiplied(by quantity: Int) -> Money? {
        let (product, overflow) = hundredths.multipliedReportingOverflow(by: Int64(quantity))
        return overflow ? nil : Money(hundredths: product)
    }

    /// Nil on overflow.
    package func adding(_ other: Money) -> Money? {
        let (sum, overflow) = hundredths.addingReportingOverflow(other.hundredths)
        return overflow ? nil : Money(hundredths: sum)
    }
}

extension Money: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.hundredths < right.hundredths }
}

extension Money {
    /// Parses a decimal such as `12`, `12.3`, `12.30` or `-0.05`: no exponent, no `+`, and at most two decimal places,
    /// because rounding would not be exact.
    package init?(_ text: String) {
        self.init(ascii: text.utf8Span.span)
    }

    /// See `init(_:)`.
    package init?(ascii: Span<UInt8>) {
        var index = 0
        let isNegative = ascii.count > 0 && ascii[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var value: Int64 = 0
        var wholeDigits = 0
        var decimals: Int?
        while index < ascii.count {
            let byte = ascii[index]
            index += 1
            if byte == UInt8(ascii: "."), decimals == nil, wholeDigits > 0 {
                decimals = 0
                continue
            }
            guard let digit = byte.decimalDigit, Self.append(digit, to: &value) else { return nil }
            if let count = decimals {
                guard count < 2 else { return nil }
                decimals = count + 1
            } else {
                wholeDigits += 1
            }
        }
        guard wholeDigits > 0, decimals != 0 else { return nil }
        for _ in (decimals ?? 0)..<2 {
            guard Self.append(0, to: &value) else { return nil }
        }
        self.init(hundredths: isNegative ? -value : value)
    }

    private static func append(_ digit: Int64, to value: inout Int64) -> Bool {
        let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, sumOverflow) = shifted.addingReportingOverflow(digit)
        value = sum
        return !overflow && !sumOverflow
    }

    /// Appends the amount with two decimals: `12.30`.
    package func append(to bytes: inout [UInt8]) {
        let magnitude = hundredths.magnitude
        if hundredths < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(contentsOf: String(magnitude / 100).utf8)
        bytes.append(UInt8(ascii: "."))
        bytes.append(0x30 + UInt8(magnitude % 100 / 10))
        bytes.append(0x30 + UInt8(magnitude % 10))
    }
}

extension Money: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
