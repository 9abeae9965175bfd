/// SIMD within a register: eight bytes at a time. This file holds the module's only unsafe expressions, each behind its
/// own bounds check.
extension Span<UInt8> {
    /// The eight bytes from `index` on, the first in the lowest bits. `index + 8 <= count` is checked.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && index &+ 8 <= count)
        return UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Whether these are the bytes of `literal`.
    @inline(__always)
    func equals(_ literal: StaticString) -> Bool {
        guard literal.hasPointerRepresentation, literal.utf8CodeUnitCount == count else { return false }
        let expected = unsafe literal.utf8Start
        for index in 0..<count where unsafe self[index] != expected[index] { return false }
        return true
    }
}

extension UInt64 {
    /// Sets the high bit of every byte that a JSON string must escape: below 0x20, quote, backslash. Exact up to and
    /// including the lowest such byte.
    @inline(__always)
    var escapeMarks: UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = self ^ (ones &* 0x22)
        let backslash = self ^ (ones &* 0x5C)
        let control = (self &- ones &* 0x20) & ~self
        return (control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)) & (ones &* 0x80)
    }
}

extension [UInt8] {
    mutating func append(_ literal: StaticString) {
        guard literal.hasPointerRepresentation else { return }
        unsafe append(
            contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    mutating func append(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends `text` and returns true unless it contains a byte that JSON must escape, or one beyond ASCII.
    mutating func appendIfPlain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { units in
            var index = 0
            while index &+ 8 <= units.count {
                let word = unsafe UnsafeRawBufferPointer(units)
                    .loadUnaligned(fromByteOffset: index, as: UInt64.self)
                guard word.escapeMarks == 0, word & 0x8080_8080_8080_8080 == 0 else { return false }
                index &+= 8
            }
            while index < units.count {
                let unit = unsafe units[index]
                guard unit >= 0x20, unit < 0x80, unit != UInt8(ascii: "\""), unit != UInt8(ascii: "\\") else {
                    return false
                }
                index &+= 1
            }
            unsafe append(contentsOf: units)
            return true
        }
    }
}
