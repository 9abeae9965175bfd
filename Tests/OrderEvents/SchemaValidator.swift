import Foundation
import JSON
import Testing

/// The subset of JSON Schema 2020-12 that the events' schemas use; any other keyword fails the test.
struct SchemaValidator {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../libs/OrderEvents").standardizedFileURL

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func json(_ name: String) throws -> JSONValue {
        let bytes = try bytes(name)
        return try JSONValue(parsing: bytes.span)
    }

    /// The first violation, or nil.
    static func violation(in value: JSONValue, against schema: JSONValue, at path: String = "$") throws
        -> String?
    {
        for keyword in try #require(schema.members) {
            let rule = keyword.value
            let isValid: Bool
            switch keyword.key {
            case "$schema", "$id", "title", "description": isValid = true
            case "type": isValid = isOf(try #require(rule.string), value)
            case "required": isValid = (rule.array ?? []).allSatisfy { value[$0.string ?? ""] != nil }
            case "minimum": isValid = (value.double ?? .nan) >= (rule.double ?? .nan)
            case "maximum": isValid = (value.double ?? .nan) <= (rule.double ?? .nan)
            case "minLength": isValid = (value.string?.unicodeScalars.count ?? -1) >= (rule.int ?? 0)
            case "maxLength": isValid = (value.string?.unicodeScalars.count ?? .max) <= (rule.int ?? 0)
            case "minItems": isValid = (value.array?.count ?? -1) >= (rule.int ?? 0)
            case "maxItems": isValid = (value.array?.count ?? .max) <= (rule.int ?? 0)
            case "pattern":
                isValid = try (value.string ?? "").firstMatch(of: Regex(try #require(rule.string))) != nil
            case "properties":
                for member in rule.members ?? [] {
                    guard let child = value[member.key] else { continue }
                    if let violation = try violation(
                        in: child, against: member.value, at: "\(path).\(member.key)")
                    {
                        return violation
                    }
                }
                isValid = true
            case "items":
                for element in value.array ?? [] {
                    if let violation = try violation(in: element, against: rule, at: "\(path)[]") {
                        return violation
                    }
                }
                isValid = true
            default: return "unknown keyword \(keyword.key)"
            }
            if !isValid { return "\(path): \(keyword.key)" }
        }
        return nil
    }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch type {
        case "object": value.members != nil
        case "array": value.array != nil
        case "string": value.string != nil
        case "integer": value.int != nil
        case "number": value.double != nil
        default: false
        }
    }
}
