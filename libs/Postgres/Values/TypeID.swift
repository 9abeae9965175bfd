/// A type's OID in `pg_type`; the built-in ones never change.
package struct TypeID: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Lets the server infer the type from the statement.
    package static let inferred = TypeID(rawValue: 0)
    package static let bool = TypeID(rawValue: 16)
    package static let bytea = TypeID(rawValue: 17)
    package static let name = TypeID(rawValue: 19)
    package static let int8 = TypeID(rawValue: 20)
    package static let int2 = TypeID(rawValue: 21)
    package static let int4 = TypeID(rawValue: 23)
    package static let text = TypeID(rawValue: 25)
    package static let oid = TypeID(rawValue: 26)
    package static let json = TypeID(rawValue: 114)
    package static let float4 = TypeID(rawValue: 700)
    package static let float8 = TypeID(rawValue: 701)
    package static let bpchar = TypeID(rawValue: 1042)
    package static let varchar = TypeID(rawValue: 1043)
    package static let date = TypeID(rawValue: 1082)
    package static let timestamp = TypeID(rawValue: 1114)
    package static let timestamptz = TypeID(rawValue: 1184)
    package static let numeric = TypeID(rawValue: 1700)
    package static let uuid = TypeID(rawValue: 2950)
    package static let jsonb = TypeID(rawValue: 3802)

    package static let boolArray = TypeID(rawValue: 1000)
    package static let byteaArray = TypeID(rawValue: 1001)
    package static let int4Array = TypeID(rawValue: 1007)
    package static let textArray = TypeID(rawValue: 1009)
    package static let int8Array = TypeID(rawValue: 1016)
    package static let float8Array = TypeID(rawValue: 1022)
    package static let timestamptzArray = TypeID(rawValue: 1185)
    package static let numericArray = TypeID(rawValue: 1231)
    package static let uuidArray = TypeID(rawValue: 2951)
    package static let jsonbArray = TypeID(rawValue: 3807)
}

extension TypeID: CustomStringConvertible {
    /// The type's name where we know it, else `oid N`.
    package var description: String { Self.names[self] ?? "oid \(rawValue)" }

    private static let names: [TypeID: String] = [
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

/// How a value travels: the server's text representation, or its binary one.
package enum Format: Int32, Sendable {
    case text = 0
    case binary = 1
}
