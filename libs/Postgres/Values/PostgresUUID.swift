/// The 16 bytes of a `uuid` column as two big-endian halves; convert to the domain's own identifier.
package struct PostgresUUID: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension PostgresUUID: CustomStringConvertible {
    /// The canonical form: lower case, five groups.
    package var description: String {
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: digits - text.utf8.count) + text
        }
        return [
            hex(high >> 32, 8), hex(high >> 16 & 0xffff, 4), hex(high & 0xffff, 4), hex(low >> 48, 4),
            hex(low & 0xffff_ffff_ffff, 12),
        ].joined(separator: "-")
    }
}

extension PostgresUUID: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .uuid }
    package static var arrayType: PostgresTypeID { .uuidArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: high)
        bytes.append(bigEndian: low)
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> PostgresUUID? {
        guard type == .uuid else { return nil }
        guard bytes.byteCount == 16 else { return nil }
        return PostgresUUID(
            high: bytes.bigEndian(UInt64.self, at: 0), low: bytes.bigEndian(UInt64.self, at: 8))
    }
}
