/// A Swift value usable as a statement's parameter, alone or as an array's element.
///
/// All but `String` are sent in binary format with their type, so that the server expects what is encoded;
/// cast in the statement (`$1::int4`) where a column differs. A single `String` is sent as text of a type
/// that the server infers, so it also fits enums, `jsonb` or `inet`.
package protocol PostgresEncodable {
    static var parameterType: PostgresTypeID { get }
    static var parameterFormat: PostgresFormat { get }
    /// The element type of an array of these values; always binary.
    static var elementType: PostgresTypeID { get }
    static var arrayType: PostgresTypeID { get }

    /// Appends the value; returns false, with nothing appended, for NULL.
    func encode(into bytes: inout [UInt8]) -> Bool
    /// Appends an array's elements, each after its length; returns whether one was NULL.
    static func encodeElements(_ values: [Self], into bytes: inout [UInt8]) -> Bool
}

extension PostgresEncodable {
    package static var parameterFormat: PostgresFormat { .binary }
    package static var elementType: PostgresTypeID { parameterType }

    package static func encodeElements(_ values: [Self], into bytes: inout [UInt8]) -> Bool {
        var hasNull = false
        bytes.reserveCapacity(bytes.count + values.count * (4 + MemoryLayout<Self>.size))
        for value in values {
            let start = bytes.count
            bytes.append(bigEndian: Int32(0))
            if value.encode(into: &bytes) {
                bytes.write(bigEndian: Int32(bytes.count - start - 4), at: start)
            } else {
                bytes.write(bigEndian: Int32(-1), at: start)
                hasNull = true
            }
        }
        return hasNull
    }
}

/// NULL when nil.
extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var parameterType: PostgresTypeID { Wrapped.parameterType }
    package static var parameterFormat: PostgresFormat { Wrapped.parameterFormat }
    package static var elementType: PostgresTypeID { Wrapped.elementType }
    package static var arrayType: PostgresTypeID { Wrapped.arrayType }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        guard let self else { return false }
        return self.encode(into: &bytes)
    }
}

/// A one-dimensional array, as `unnest` takes it (array_recv in the server's arrayfuncs.c).
extension Array: PostgresEncodable where Element: PostgresEncodable {
    package static var parameterType: PostgresTypeID { Element.arrayType }
    /// Arrays of arrays are refused by the server.
    package static var arrayType: PostgresTypeID { .inferred }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        let start = bytes.count
        bytes.append(bigEndian: Int32(isEmpty ? 0 : 1))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Int32(bitPattern: Element.elementType.rawValue))
        guard !isEmpty else { return true }
        bytes.append(bigEndian: Int32(count))
        bytes.append(bigEndian: Int32(1))
        if Element.encodeElements(self, into: &bytes) { bytes.write(bigEndian: Int32(1), at: start + 4) }
        return true
    }
}

extension [UInt8] {
    mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }

    mutating func write(bigEndian value: Int32, at offset: Int) {
        unsafe withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
        }
    }
}
