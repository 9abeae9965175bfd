internal import COpenSSL

/// OpenSSL's random generator, seeded by the kernel: for keys, ids and nonces. Fills a buffer of 32 words at a time,
/// which makes a single word cheap.
package struct SecureRandom: RandomNumberGenerator {
    private var words: [UInt64] = []

    package init() {}

    package mutating func next() -> UInt64 {
        if words.isEmpty {
            words = [UInt64](repeating: 0, count: 32)
            unsafe words.withUnsafeMutableBytes { unsafe Self.fill($0) }
        }
        return words.removeLast()
    }

    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBytes { unsafe fill($0) }
        return bytes
    }

    /// Ends the process when OpenSSL has no randomness, because no caller could continue safely.
    private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard unsafe RAND_bytes(buffer.baseAddress, CInt(buffer.count)) == 1 else {
            fatalError("OpenSSL returned no random bytes")
        }
    }
}
