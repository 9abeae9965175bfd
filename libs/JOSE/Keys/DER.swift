/// The subset of the Distinguished Encoding Rules (X.690) that keys and signatures need.
enum DER {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        if count < 0x100 { return [tag, 0x81, UInt8(count)] + content }
        return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + content
    }

    static func sequence(_ elements: [UInt8]...) -> [UInt8] { element(0x30, Array(elements.joined())) }

    /// A positive integer from its big-endian bytes; a leading zero keeps it positive.
    static func integer(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let magnitude = Array(bytes.drop { $0 == 0 })
        guard let first = magnitude.first else { return element(0x02, [0]) }
        return element(0x02, (first >= 0x80 ? [0] : []) + magnitude)
    }

    private static func bitString(_ bytes: [UInt8]) -> [UInt8] { element(0x03, [0] + bytes) }

    /// A SubjectPublicKeyInfo of rsaEncryption (RFC 3279, section 2.3.1).
    static func rsaKey(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        let identifier: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
        return sequence(
            sequence(identifier, [0x05, 0x00]), bitString(sequence(integer(modulus), integer(exponent))))
    }

    /// A SubjectPublicKeyInfo of a point on P-256 (RFC 5480, section 2).
    static func p256Key(x: [UInt8], y: [UInt8]) -> [UInt8] {
        let publicKey: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        let curve: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        return sequence(sequence(publicKey, curve), bitString([0x04] + x + y))
    }
}
