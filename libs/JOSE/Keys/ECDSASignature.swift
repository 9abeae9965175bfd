/// The two forms of a P-256 signature: r‖s of 32 bytes each in a JWS (RFC 7518, section 3.4), a DER sequence of two
/// integers in OpenSSL (RFC 3279, section 2.2.3).
enum ECDSASignature {
    static let rawCount = 64

    /// `nil` unless there are exactly 64 bytes and neither half is zero.
    static func der(raw: [UInt8]) -> [UInt8]? {
        guard raw.count == rawCount, raw[..<32].contains(where: { $0 != 0 }),
            raw[32...].contains(where: { $0 != 0 })
        else { return nil }
        return DER.sequence(DER.integer(raw[..<32]), DER.integer(raw[32...]))
    }

    /// `nil` unless this is a sequence of two positive integers of at most 32 bytes.
    static func raw(der: [UInt8]) -> [UInt8]? {
        guard der.count >= 8, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
        var raw: [UInt8] = []
        var index = 2
        for _ in 0..<2 {
            guard index + 2 <= der.count, der[index] == 0x02 else { return nil }
            let end = index + 2 + Int(der[index + 1])
            guard end <= der.count else { return nil }
            let magnitude = der[(index + 2)..<end].drop { $0 == 0 }
            guard magnitude.count <= 32 else { return nil }
            raw += [UInt8](repeating: 0, count: 32 - magnitude.count) + magnitude
            index = end
        }
        return index == der.count ? raw : nil
    }
}
