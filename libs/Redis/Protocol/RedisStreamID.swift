/// A stream entry's id: `<milliseconds>-<sequence>`.
package struct RedisStreamID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let milliseconds: UInt64
    package let sequence: UInt64

    package init(_ milliseconds: UInt64, _ sequence: UInt64 = 0) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// `nil` when the text is not a complete id.
    package init?(_ text: String) {
        guard let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")),
            let milliseconds = UInt64(text[..<dash]),
            let sequence = UInt64(text[text.index(after: dash)...])
        else { return nil }
        self.init(milliseconds, sequence)
    }

    package static func < (a: RedisStreamID, b: RedisStreamID) -> Bool {
        (a.milliseconds, a.sequence) < (b.milliseconds, b.sequence)
    }

    package var description: String { "\(milliseconds)-\(sequence)" }
}

/// One entry of a stream, as XRANGE and XREVRANGE return it.
package struct RedisStreamEntry: Sendable, Equatable {
    package struct RedisField: Sendable, Equatable {
        package let name: [UInt8]
        package let value: [UInt8]

        package init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package let id: RedisStreamID
    /// In insertion order.
    package let fields: [RedisField]

    package init(id: RedisStreamID, fields: [RedisField]) {
        self.id = id
        self.fields = fields
    }

    package subscript(name: String) -> [UInt8]? {
        fields.first { $0.name.elementsEqual(name.utf8) }?.value
    }
}

extension RedisStreamEntry {
    /// Decodes the reply of XRANGE or XREVRANGE: `[[id, [name, value, …]], …]`.
    package static func list(_ reply: RedisValue) throws(RedisError) -> [RedisStreamEntry] {
        guard let entries = try reply.get().array else { throw .unexpected("XRANGE") }
        var list: [RedisStreamEntry] = []
        list.reserveCapacity(entries.count)
        for entry in entries { list.append(try RedisStreamEntry(entry)) }
        return list
    }

    package init(_ reply: RedisValue) throws(RedisError) {
        guard let parts = reply.array, parts.count == 2,
            let id = parts[0].string.flatMap({ RedisStreamID($0) }),
            let flat = parts[1].array, flat.count.isMultiple(of: 2)
        else { throw .unexpected("XRANGE") }
        var fields: [RedisField] = []
        fields.reserveCapacity(flat.count / 2)
        for index in stride(from: 0, to: flat.count, by: 2) {
            guard let name = flat[index].bytes, let value = flat[index + 1].bytes else {
                throw .unexpected("XRANGE")
            }
            fields.append(RedisField(name: name, value: value))
        }
        self.init(id: id, fields: fields)
    }
}
