/// A Swift value decodable from a column in the server's binary format.
package protocol PostgresDecodable {
    /// Nil when a column of that type does not fit, or its bytes are invalid.
    static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Self?
    /// What NULL becomes; nil where NULL is an error.
    static var null: Self? { get }
}

extension PostgresDecodable {
    package static var null: Self? { nil }
}

/// NULL becomes nil.
extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Wrapped?? {
        guard let value = Wrapped.decode(bytes, type: type) else { return nil }
        return .some(.some(value))
    }

    package static var null: Wrapped?? { .some(.none) }
}

/// A one-dimensional array; nil for more dimensions.
extension Array: PostgresDecodable where Element: PostgresDecodable {
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> [Element]? {
        guard bytes.byteCount >= 12 else { return nil }
        let dimensions = bytes.bigEndian(Int32.self, at: 0)
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.byteCount >= 20 else { return nil }
        let elementType = PostgresTypeID(rawValue: bytes.bigEndian(UInt32.self, at: 8))
        let count = Int(bytes.bigEndian(Int32.self, at: 12))
        guard count >= 0, count <= bytes.byteCount / 4 else { return nil }
        var result: [Element] = []
        result.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard offset + 4 <= bytes.byteCount else { return nil }
            let length = Int(bytes.bigEndian(Int32.self, at: offset))
            offset += 4
            if length < 0 {
                guard let null = Element.null else { return nil }
                result.append(null)
                continue
            }
            guard offset + length <= bytes.byteCount else { return nil }
            let element = bytes.extracting(offset..<(offset + length))
            guard let value = Element.decode(element, type: elementType) else { return nil }
            result.append(value)
            offset += length
        }
        return result
    }
}

extension RawSpan {
    /// The integer at `offset`; the caller has checked that it fits.
    func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= byteCount)
        return Value(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// The bytes as UTF-8, the client_encoding of all connections of this library.
    var text: String {
        unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
