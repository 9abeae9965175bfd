extension Int64: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .int8 }
    package static var arrayType: PostgresTypeID { .int8Array }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: self)
        return true
    }

    /// Reads any of the server's integer types.
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Int64? {
        switch (type, bytes.byteCount) {
        case (.int8, 8): bytes.bigEndian(Int64.self, at: 0)
        case (.int4, 4): Int64(bytes.bigEndian(Int32.self, at: 0))
        case (.int2, 2): Int64(bytes.bigEndian(Int16.self, at: 0))
        case (.oid, 4): Int64(bytes.bigEndian(UInt32.self, at: 0))
        default: nil
        }
    }
}

extension Int32: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .int4 }
    package static var arrayType: PostgresTypeID { .int4Array }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: self)
        return true
    }

    /// Nil when the column's value does not fit.
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Int32? {
        Int64.decode(bytes, type: type).flatMap { Int32(exactly: $0) }
    }
}

/// As ``Swift/Int64``.
extension Int: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .int8 }
    package static var arrayType: PostgresTypeID { .int8Array }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: Int64(self))
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Int? {
        Int64.decode(bytes, type: type).map { Int($0) }
    }
}

extension Bool: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .bool }
    package static var arrayType: PostgresTypeID { .boolArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(self ? 1 : 0)
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Bool? {
        guard type == .bool, bytes.byteCount == 1 else { return nil }
        return unsafe bytes.unsafeLoad(as: UInt8.self) != 0
    }
}

extension Double: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .float8 }
    package static var arrayType: PostgresTypeID { .float8Array }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: bitPattern)
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> Double? {
        switch (type, bytes.byteCount) {
        case (.float8, 8): Double(bitPattern: bytes.bigEndian(UInt64.self, at: 0))
        case (.float4, 4): Double(Float(bitPattern: bytes.bigEndian(UInt32.self, at: 0)))
        default: nil
        }
    }
}
