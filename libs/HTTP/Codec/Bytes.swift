/// Copies between spans, arrays and strings: the only place in this module that reads through pointers.
extension [UInt8] {
    package init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    mutating func append(ascii text: String) {
        append(contentsOf: text.utf8)
    }

    mutating func append(decimal value: Int) {
        if value >= 10 { append(decimal: value / 10) }
        append(UInt8(truncatingIfNeeded: 48 + value % 10))
    }

    mutating func append(hex value: Int) {
        if value >= 16 { append(hex: value / 16) }
        let digit = UInt8(truncatingIfNeeded: value & 15)
        append(digit < 10 ? 48 + digit : 87 + digit)
    }
}

extension String {
    /// Nil when the bytes are not UTF-8.
    package init?(utf8 bytes: Span<UInt8>) {
        guard
            let text = unsafe bytes.withUnsafeBufferPointer({ unsafe String(validating: $0, as: UTF8.self) })
        else { return nil }
        self = text
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    package init(repairing bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// XORs bytes with a masking key (RFC 6455, 5.3), eight at a time.
///
/// - Returns: the key, rotated for the next chunk of the same payload.
func applyMask(_ key: UInt32, to bytes: inout MutableSpan<UInt8>, in range: Range<Int>) -> UInt32 {
    guard key != 0, !range.isEmpty else { return key }
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        let bytes = unsafe UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[range])
        let wide = UInt64(key) << 32 | UInt64(key)
        var i = 0
        while i + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            unsafe bytes.storeBytes(of: word ^ wide, toByteOffset: i, as: UInt64.self)
            i += 8
        }
        var rest = key
        while i < bytes.count {
            unsafe bytes[i] ^= UInt8(truncatingIfNeeded: rest)
            rest = rest >> 8 | rest << 24
            i += 1
        }
        return rest
    }
}

/// The number of leading bytes below 0x80, rounded down to whole words: a fast way over ASCII.
@inline(__always) func asciiPrefix(_ bytes: Span<UInt8>, from start: Int) -> Int {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        let bytes = UnsafeRawBufferPointer(buffer)
        var i = start
        while i + 8 <= bytes.count,
            unsafe bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        { i += 8 }
        return i - start
    }
}
