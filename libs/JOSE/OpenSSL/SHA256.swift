internal import COpenSSL

package enum SHA256 {
    /// The 32 bytes of the digest (FIPS 180-4).
    package static func digest(of message: Span<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        unsafe message.withUnsafeBufferPointer { message in
            _ = unsafe COpenSSL.SHA256(message.baseAddress, message.count, &digest)
        }
        return digest
    }

    package static func digest(of message: [UInt8]) -> [UInt8] { digest(of: message.span) }

    /// HMAC-SHA-256 (RFC 2104); `nil` when OpenSSL fails.
    static func authenticationCode(of message: Span<UInt8>, secret: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        let done = unsafe message.withUnsafeBufferPointer { message in
            unsafe HMAC(
                EVP_sha256(), secret, CInt(secret.count), message.baseAddress, message.count, &code, nil)
                != nil
        }
        return done ? code : nil
    }

    /// Compares two digests in constant time.
    static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe CRYPTO_memcmp(left, right, left.count) == 0
    }
}
