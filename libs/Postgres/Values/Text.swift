extension String: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .inferred }
    package static var parameterFormat: PostgresFormat { .text }
    package static var elementType: PostgresTypeID { .text }
    package static var arrayType: PostgresTypeID { .textArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: utf8)
        return true
    }

    /// Text, JSON, enums and other types whose binary format is text; never numbers, times or UUIDs.
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> String? {
        switch type {
        case .text, .varchar, .bpchar, .name, .json, .inferred: return bytes.text
        case .jsonb: return PostgresJSON.decode(bytes, type: type)?.text
        default:
            // OIDs from here on are user-defined: enums (text) or domains over them.
            return type.rawValue >= 16384 ? bytes.text : nil
        }
    }
}

/// A JSON document as text, for `jsonb` columns; the server parses it.
package struct PostgresJSON: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

extension PostgresJSON: PostgresEncodable, PostgresDecodable {
    /// jsonb's binary format is this version and the text (jsonb_recv in the server's jsonb.c).
    private static let version: UInt8 = 1

    package static var parameterType: PostgresTypeID { .jsonb }
    package static var arrayType: PostgresTypeID { .jsonbArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(Self.version)
        bytes.append(contentsOf: text.utf8)
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> PostgresJSON? {
        switch type {
        case .jsonb:
            guard bytes.byteCount > 1, bytes.bigEndian(UInt8.self, at: 0) == version else { return nil }
            return PostgresJSON(bytes.extracting(droppingFirst: 1).text)
        case .json: return PostgresJSON(bytes.text)
        default: return nil
        }
    }
}

/// Bytes of a `bytea` column.
package struct PostgresBytes: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

extension PostgresBytes: PostgresEncodable, PostgresDecodable {
    package static var parameterType: PostgresTypeID { .bytea }
    package static var arrayType: PostgresTypeID { .byteaArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: self.bytes)
        return true
    }

    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> PostgresBytes? {
        guard type == .bytea else { return nil }
        return PostgresBytes(unsafe bytes.withUnsafeBytes { unsafe Array($0) })
    }
}
