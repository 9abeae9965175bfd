/// A value of an AMQP field table, in RabbitMQ's dialect of the types
/// (https://www.rabbitmq.com/amqp-0-9-1-errata, section 3).
package enum AMQPFieldValue: Sendable, Hashable {
    case bool(Bool)
    /// Every integer width; written as a signed 64-bit one.
    case int(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// Seconds since 1970.
    case timestamp(UInt64)
    case array([AMQPFieldValue])
    case table(AMQPTable)
    /// Null, and any type without a counterpart here (decimals, values nested too deeply).
    case void

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var int: Int64? {
        if case .int(let value) = self { value } else { nil }
    }
}

extension AMQPFieldValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// An AMQP field table: headers of a message, arguments of a queue. Keeps the order of its entries.
package struct AMQPTable: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package struct Entry: Sendable, Hashable {
        package var name: String
        package var value: AMQPFieldValue
    }

    package var entries: [Entry]

    package init() { entries = [] }

    package init(dictionaryLiteral elements: (String, AMQPFieldValue)...) {
        entries = elements.map { Entry(name: $0, value: $1) }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// Appends an entry without replacing one of that name.
    package mutating func append(_ name: String, _ value: AMQPFieldValue) {
        entries.append(Entry(name: name, value: value))
    }

    /// Linear: tables have a handful of entries.
    package subscript(name: String) -> AMQPFieldValue? {
        get { entries.first { $0.name == name }?.value }
        set {
            let index = entries.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?): entries.append(Entry(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}
