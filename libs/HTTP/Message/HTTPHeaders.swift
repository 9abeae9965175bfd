/// Header fields to send, kept as the bytes that go on the wire.
///
/// Names must be tokens (a precondition: they come from the program). Values may come from anywhere:
/// control characters in them, line breaks included, become spaces, so that no value can start another field.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// `name: value CRLF` for each field.
    private(set) var bytes: [UInt8] = []

    /// Enough for the fields of most responses, so that the buffer does not grow.
    private static let usualSize = 224

    package init() {}
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    package var isEmpty: Bool { bytes.isEmpty }

    package mutating func add(_ name: String, _ value: String) {
        if bytes.isEmpty { bytes.reserveCapacity(Self.usualSize) }
        precondition(!name.isEmpty && name.utf8.allSatisfy(Grammar.isToken), "a field name is a token")
        bytes.append(contentsOf: name.utf8)
        bytes.append(ascii: ": ")
        if value.utf8.allSatisfy(Grammar.isFieldValue) {
            bytes.append(contentsOf: value.utf8)
        } else {
            for byte in value.utf8 { bytes.append(Grammar.isFieldValue(byte) ? byte : 32) }
        }
        bytes.append(ascii: "\r\n")
    }

    /// Replaces every field of that name by one.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    package mutating func remove(_ name: String) {
        while let line = firstLine(of: name) { bytes.removeSubrange(line) }
    }

    /// The first field of that name.
    package subscript(_ name: String) -> String? {
        guard let line = firstLine(of: name) else { return nil }
        let value = (line.lowerBound + name.utf8.count + 2)..<(line.upperBound - 2)
        return String(repairing: bytes.span.extracting(value))
    }

    package func contains(_ name: String) -> Bool { firstLine(of: name) != nil }

    private func firstLine(of name: String) -> Range<Int>? {
        let length = name.utf8.count
        var start = 0
        while start < bytes.count {
            var end = start
            while bytes[end] != 10 { end += 1 }
            if end - start > length, bytes[start + length] == 58 {
                var i = start
                var same = true
                for byte in name.utf8 where same {
                    same = Grammar.lowercase(byte) == Grammar.lowercase(bytes[i])
                    i += 1
                }
                if same { return start..<(end + 1) }
            }
            start = end + 1
        }
        return nil
    }
}
