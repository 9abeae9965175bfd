internal import Bytes

/// A JSON document as a tree, for use off the hot path: command-line tools, key sets, tests.
package enum JSONValue: Sendable {
    case object([Member])
    case array([JSONValue])
    case string(String)
    /// The number's text, so that nothing is rounded.
    case number(String)
    case bool(Bool)
    case null

    package struct Member: Sendable {
        package var key: String
        package var value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package init(parsing bytes: Span<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSONReader.read(bytes, limits: limits) { (reader) throws(JSONError) in try reader.value() }
    }

    package init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: text.utf8.span, limits: limits)
    }

    /// Compact, with the members in their order.
    package func encode() -> [UInt8] { JSONWriter.encode { $0.value(self) } }

    /// Compact text.
    package var text: String { String(decoding: encode(), as: UTF8.self) }

    /// The member's value (the first, should there be several), or `nil` when absent or when the value is no object.
    package subscript(key: String) -> JSONValue? { members?.first { $0.key.hasSameBytes(as: key) }?.value }

    /// The element, or `nil` when out of range or when the value is no array.
    package subscript(index: Int) -> JSONValue? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    package var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    package var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var isNull: Bool { self == .null }
    /// The number, when it is an integer within `Int`, written without fraction or exponent.
    package var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
}

extension JSONValue: Equatable {
    /// Texts are compared as bytes.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.object(let left), .object(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.string(let left), .string(let right)), (.number(let left), .number(let right)):
            left.hasSameBytes(as: right)
        case (.bool(let left), .bool(let right)): left == right
        case (.null, .null): true
        default: false
        }
    }
}

extension JSONValue.Member: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.key.hasSameBytes(as: right.key) && left.value == right.value
    }
}

extension JSONReader {
    /// Any value, as a tree.
    package mutating func value() throws(JSONError) -> JSONValue {
        switch try peek() {
        case .object:
            var members: [JSONValue.Member] = []
            try object { (reader, key) throws(JSONError) in
                members.append(JSONValue.Member(key.string, try reader.value()))
            }
            return .object(members)
        case .array:
            let elements = try list { (reader) throws(JSONError) in try reader.value() }
            return .array(elements)
        case .string:
            let text = try string()
            return .string(text)
        case .number:
            let text = try number().string
            return .number(text)
        case .bool: return .bool(try bool())
        case .null:
            _ = try consumeNull()
            return .null
        }
    }
}

extension JSONWriter {
    /// A whole tree.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .object(let members):
            object { writer in
                for member in members {
                    writer.key(named: member.key)
                    writer.value(member.value)
                }
            }
        case .array(let elements): array { writer in for element in elements { writer.value(element) } }
        case .string(let text): string(text)
        case .number(let text): raw(text)
        case .bool(let flag): bool(flag)
        case .null: null()
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
