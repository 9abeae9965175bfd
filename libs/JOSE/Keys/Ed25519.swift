/// What OpenSSL does not check of a public key on edwards25519.
enum Ed25519 {
    /// Whether the key is a point of an order of at most 8: one signature of everything verifies under such a key (RFC 8032,
    /// section 8.7 leaves the check to the application).
    static func hasSmallOrder(_ key: [UInt8]) -> Bool {
        // The highest bit is the sign of x.
        let y = Array(key.dropLast()) + [key[31] & 0x7F]
        return smallOrder.contains(y)
    }

    /// The y of these points, little-endian, in each way that it can be written below 2^255.
    private static let smallOrder: [[UInt8]] = [
        number(0), number(1), nearPrime(0xEC), nearPrime(0xED), nearPrime(0xEE),
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]

    private static func number(_ value: UInt8) -> [UInt8] { [value] + [UInt8](repeating: 0, count: 31) }

    /// 2^255 − 19 ends with ED in this order.
    private static func nearPrime(_ first: UInt8) -> [UInt8] {
        [first] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
    }
}
