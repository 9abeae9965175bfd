/// An exact decimal number, `mantissa × 10^exponent`. `12.30` is (123, -1): trailing zeros are dropped.
package struct JSONDecimal: Equatable, Sendable {
    package let mantissa: Int64
    package let exponent: Int

    package init(mantissa: Int64, exponent: Int) {
        self.mantissa = mantissa
        self.exponent = exponent
    }

    /// The number in units of `10^-places` (2 for cents), or `nil` when it is finer than that or exceeds `Int64`.
    package func scaled(places: Int) -> Int64? {
        var value = mantissa
        if value == 0 { return 0 }
        var shift = exponent + places
        while shift < 0 {
            guard value % 10 == 0 else { return nil }
            value /= 10
            shift += 1
        }
        while shift > 0 {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = shifted
            shift -= 1
        }
        return value
    }

    /// - Parameter text: a number that the reader has validated. `nil` when its digits or exponent do not fit.
    init?(validated text: Span<UInt8>) {
        var index = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        // Accumulates negatively, because `-Int64.min` overflows. Zeros are appended only when a digit follows them.
        var value: Int64 = 0
        var zeros = 0
        var scale = 0
        var inFraction = false
        while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: ".") {
                inFraction = true
                continue
            }
            if inFraction { scale -= 1 }
            if byte == UInt8(ascii: "0") {
                if value != 0 { zeros += 1 }
                continue
            }
            for step in 0...zeros {
                let digit = step == zeros ? Int64(byte - UInt8(ascii: "0")) : 0
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, sumOverflow) = shifted.subtractingReportingOverflow(digit)
                if overflow || sumOverflow { return nil }
                value = sum
            }
            zeros = 0
        }
        guard let exponentPart = Self.exponent(of: text, after: index) else { return nil }
        guard isNegative || value != .min else { return nil }
        mantissa = isNegative ? value : 0 - value
        exponent = value == 0 ? 0 : exponentPart + scale + zeros
    }

    private static func exponent(of text: Span<UInt8>, after index: Int) -> Int? {
        guard index < text.count else { return 0 }
        var index = index + 1
        let isNegative = text[index] == UInt8(ascii: "-")
        if isNegative || text[index] == UInt8(ascii: "+") { index += 1 }
        var value = 0
        while index < text.count {
            value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
            if value > 100_000 { return nil }
            index += 1
        }
        return isNegative ? -value : value
    }
}
