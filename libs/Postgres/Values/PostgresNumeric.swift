/// An exact decimal: `unscaled` × 10⁻ˢᶜᵃˡᵉ. Money with two places is `PostgresNumeric(unscaled: cents, scale:
/// 2)`.
package struct PostgresNumeric: Hashable, Sendable {
    package let unscaled: Int64
    /// Digits behind the point, 0…18.
    package let scale: Int

    package init(unscaled: Int64, scale: Int) {
        precondition((0...18).contains(scale), "a scale of 0…18 fits 64 bits")
        self.unscaled = unscaled
        self.scale = scale
    }

    /// The same number with another scale; nil when digits would be lost or do not fit.
    package func unscaled(atScale target: Int) -> Int64? {
        guard (0...18).contains(target) else { return nil }
        if target >= scale {
            let (value, overflow) = unscaled.multipliedReportingOverflow(by: Self.powers[target - scale])
            return overflow ? nil : value
        }
        let (value, rest) = unscaled.quotientAndRemainder(dividingBy: Self.powers[scale - target])
        return rest == 0 ? value : nil
    }

    static let powers: [Int64] = (0...18).map { exponent in
        (0..<exponent).reduce(1) { value, _ in value * 10 }
    }
}

extension PostgresNumeric: CustomStringConvertible {
    package var description: String {
        guard scale > 0 else { return String(unscaled) }
        let (whole, rest) = unscaled.magnitude.quotientAndRemainder(dividingBy: UInt64(Self.powers[scale]))
        let digits = String(rest)
        let sign = unscaled < 0 ? "-" : ""
        return sign + "\(whole)." + String(repeating: "0", count: scale - digits.utf8.count) + digits
    }
}

/// The binary format is groups of four decimal digits, the first of weight 10000ʷᵉⁱᵍʰᵗ (numeric_recv in the
/// server's numeric.c).
extension PostgresNumeric: PostgresEncodable, PostgresDecodable {
    private static let negative: UInt16 = 0x4000

    package static var parameterType: PostgresTypeID { .numeric }
    package static var arrayType: PostgresTypeID { .numericArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        // Pads to whole groups behind the point; 128 bits hold 19 digits and the padding.
        let groupsBehind = (scale + 3) / 4
        var rest = UInt128(unscaled.magnitude) * UInt128(Self.powers[groupsBehind * 4 - scale])
        let start = bytes.count
        var groups: (count: Int, digits: InlineArray<6, UInt16>) = (0, InlineArray(repeating: 0))
        while rest > 0 {
            let (next, digit) = rest.quotientAndRemainder(dividingBy: 10_000)
            groups.digits[groups.count] = UInt16(digit)
            groups.count += 1
            rest = next
        }
        bytes.reserveCapacity(start + 8 + 2 * groups.count)
        bytes.append(bigEndian: Int16(groups.count))
        bytes.append(bigEndian: Int16(groups.count - groupsBehind - 1))
        bytes.append(bigEndian: unscaled < 0 ? Self.negative : 0)
        bytes.append(bigEndian: UInt16(scale))
        for index in stride(from: groups.count - 1, through: 0, by: -1) {
            bytes.append(bigEndian: groups.digits[index])
        }
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> PostgresNumeric? {
        guard type == .numeric else {
            return Int64.decode(bytes, type: type).map { PostgresNumeric(unscaled: $0, scale: 0) }
        }
        guard bytes.byteCount >= 8 else { return nil }
        let count = Int(bytes.bigEndian(Int16.self, at: 0))
        let weight = Int(bytes.bigEndian(Int16.self, at: 2))
        let sign = bytes.bigEndian(UInt16.self, at: 4)
        let scale = Int(bytes.bigEndian(UInt16.self, at: 6))
        guard count >= 0, bytes.byteCount == 8 + 2 * count, sign == 0 || sign == negative, scale <= 18,
            count <= 6, weight < 5
        else { return nil }
        // The value times 10^scale, from groups that may end before the scale or pad behind it.
        var value: Int128 = 0
        for index in 0..<count {
            value = value * 10_000 + Int128(bytes.bigEndian(UInt16.self, at: 8 + 2 * index))
        }
        var exponent = (weight - count + 1) * 4 + scale
        while exponent > 0 {
            let (next, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            (value, exponent) = (next, exponent - 1)
        }
        while exponent < 0 { (value, exponent) = (value / 10, exponent + 1) }
        guard let unscaled = Int64(exactly: sign == negative ? -value : value) else { return nil }
        return PostgresNumeric(unscaled: unscaled, scale: scale)
    }
}
