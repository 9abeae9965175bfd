/// The slot of a key, which decides the node that holds it.
///
/// Source: "Redis cluster specification", redis.io: key distribution model, hash tags.
enum HashSlot {
    static let count = 16_384

    /// CRC16 of the key, or of its hash tag: what is between the first `{` and the next `}`, unless that is empty.
    static func of(_ key: ArraySlice<UInt8>) -> Int {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")),
            let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        else { return Int(crc16(key)) % count }
        return Int(crc16(key[(open + 1)..<close])) % count
    }

    static func of(_ key: [UInt8]) -> Int { of(key[...]) }

    /// The variant XMODEM: polynomial 0x1021, initial value 0, bits in their order.
    static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes { crc = crc << 8 ^ table[Int(UInt8(crc >> 8) ^ byte)] }
        return crc
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        var crc = UInt16(byte) << 8
        for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        return crc
    }
}
