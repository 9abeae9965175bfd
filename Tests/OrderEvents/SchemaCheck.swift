import Foundation
import JSON
import Testing

/// The part of JSON Schema 2020-12 that the events' schemas use; a keyword it does not know fails the test.
struct SchemaCheck {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../libs/OrderEvents").standardizedFileURL

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func json(_ name: String) throws -> JSONValue {
        let bytes = try bytes(name)
        return try JSONValue(parsing: bytes.span)
    }

    /// The first fault, or nil.
    static func fault(in value: JSONValue, against schema: JSONValue, at path: String = "$") throws -> String?
    {
        for keyword in try #require(schema.members) {
            let rule = keyword.value
            let holds: Bool
            switch keyword.key {
            case "$schema", "$id", "title", "description": holds = true
            case "type": holds = isOf(try #require(rule.string), value)
            case "required": holds = (rule.array ?? []).allSatisfy { value[$0.string ?? ""] != nil }
            case "minimum": holds = (value.double ?? .nan) >= (rule.double ?? .nan)
            case "maximum": holds = (value.double ?? .nan) <= (rule.double ?? .nan)
            case "minLength": holds = (value.string?.unicodeScalars.count ?? -1) >= (rule.int ?? 0)
            case "maxLength": holds = (value.string?.unicodeScalars.count ?? .max) <= (rule.int ?? 0)
            case "minItems": holds = (value.array?.count ?? -1) >= (rule.int ?? 0)
            case "maxItems": holds = (value.array?.count ?? .max) <= (rule.int ?? 0)
            case "pattern":
                holds = try (value.string ?? "").firstMatch(of: Regex(try #require(rule.string))) != nil
            case "properties":
                for member in rule.members ?? [] {
                    guard let found = value[member.key] else { continue }
                    if let fault = try fault(in: found, against: member.value, at: "\(path).\(member.key)") {
                        return fault
                    }
                }
                holds = true
            case "items":
                for element in value.array ?? [] {
                    if let fault = try fault(in: element, against: rule, at: "\(path)[]") { return fault }
                }
                holds = true
            default: return "unknown keyword \(keyword.key)"
            }
            if !holds { return "\(path): \(keyword.key)" }
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
