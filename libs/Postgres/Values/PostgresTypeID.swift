/// A type's OID in `pg_type`; the built-in ones never change.
package struct PostgresTypeID: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Lets the server infer the type from the statement.
    package static let inferred = PostgresTypeID(rawValue: 0)
    package static let bool = PostgresTypeID(rawValue: 16)
    package static let bytea = PostgresTypeID(rawValue: 17)
    package static let name = PostgresTypeID(rawValue: 19)
    package static let int8 = PostgresTypeID(rawValue: 20)
    package static let int2 = PostgresTypeID(rawValue: 21)
    package static let int4 = PostgresTypeID(rawValue: 23)
    package static let text = PostgresTypeID(rawValue: 25)
    package static let oid = PostgresTypeID(rawValue: 26)
    package static let json = PostgresTypeID(rawValue: 114)
    package static let float4 = PostgresTypeID(rawValue: 700)
    package static let float8 = PostgresTypeID(rawValue: 701)
    package static let bpchar = PostgresTypeID(rawValue: 1042)
    package static let varchar = PostgresTypeID(rawValue: 1043)
    package static let date = PostgresTypeID(rawValue: 1082)
    package static let timestamp = PostgresTypeID(rawValue: 1114)
    package static let timestamptz = PostgresTypeID(rawValue: 1184)
    package static let numeric = PostgresTypeID(rawValue: 1700)
    package static let uuid = PostgresTypeID(rawValue: 2950)
    package static let jsonb = PostgresTypeID(rawValue: 3802)

    package static let boolArray = PostgresTypeID(rawValue: 1000)
    package static let byteaArray = PostgresTypeID(rawValue: 1001)
    package static let int4Array = PostgresTypeID(rawValue: 1007)
    package static let textArray = PostgresTypeID(rawValue: 1009)
    package static let int8Array = PostgresTypeID(rawValue: 1016)
    package static let float8Array = PostgresTypeID(rawValue: 1022)
    package static let timestamptzArray = PostgresTypeID(rawValue: 1185)
    package static let numericArray = PostgresTypeID(rawValue: 1231)
    package static let uuidArray = PostgresTypeID(rawValue: 2951)
    package static let jsonbArray = PostgresTypeID(rawValue: 3807)
}

extension PostgresTypeID: CustomStringConvertible {
    /// The type's name when known, else `oid N`.
    package var description: String { Self.names[self] ?? "oid \(rawValue)" }

    private static let names: [PostgresTypeID: String] = [
        .bool: "bool", .bytea: "bytea", .name: "name", .int8: "int8", .int2: "int2", .int4: "int4",
        .text: "text",
        .oid: "oid", .json: "json", .float4: "float4", .float8: "float8", .bpchar: "bpchar",
        .varchar: "varchar",
        .date: "date", .timestamp: "timestamp", .timestamptz: "timestamptz", .numeric: "numeric",
        .uuid: "uuid",
        .jsonb: "jsonb", .boolArray: "bool[]", .byteaArray: "bytea[]", .int4Array: "int4[]",
        .textArray: "text[]",
        .int8Array: "int8[]", .float8Array: "float8[]", .timestamptzArray: "timestamptz[]",
        .numericArray: "numeric[]", .uuidArray: "uuid[]", .jsonbArray: "jsonb[]",
    ]
}

/// A value's format: the server's text representation, or its binary one.
package enum PostgresFormat: Int32, Sendable {
    case text = 0
    case binary = 1
}
