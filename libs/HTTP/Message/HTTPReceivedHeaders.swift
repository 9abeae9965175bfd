/// One field of a received head: where its name and value lie in the head's bytes.
struct FieldEntry: Sendable, Equatable {
    var nameStart: UInt16
    var nameCount: UInt16
    var valueStart: UInt16
    var valueCount: UInt16

    var name: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
    var value: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueCount) }
}

/// The header fields of a received message: a view into the head's bytes, looked up in place.
package struct HTTPReceivedHeaders: Sendable {
    /// The whole head, start line included.
    let bytes: [UInt8]
    let entries: [FieldEntry]

    init(bytes: [UInt8] = [], entries: [FieldEntry] = []) {
        self.bytes = bytes
        self.entries = entries
    }

    package var count: Int { entries.count }

    /// The value of the first field of that name; bytes that are not UTF-8 become U+FFFD.
    package subscript(_ name: String) -> String? {
        guard let entry = entry(name) else { return nil }
        return String(repairing: bytes.span.extracting(entry.value))
    }

    /// Every value of that name, in order.
    package func values(_ name: String) -> [String] {
        entries.filter { Self.matches(bytes.span.extracting($0.name), name) }
            .map { String(repairing: bytes.span.extracting($0.value)) }
    }

    package func contains(_ name: String) -> Bool { entry(name) != nil }

    /// Calls `body` with the raw value of the first field of that name, or nil, without allocating.
    package func withValue<R>(_ name: String, _ body: (Span<UInt8>?) throws -> R) rethrows -> R {
        guard let entry = entry(name) else { return try body(nil) }
        return try body(bytes.span.extracting(entry.value))
    }

    /// Whether a comma-separated list of any field of that name has `element` (lower case; ASCII case is
    /// ignored).
    package func contains(_ name: String, element: String) -> Bool {
        for entry in entries where Self.matches(bytes.span.extracting(entry.name), name) {
            if Grammar.contains(bytes.span.extracting(entry.value), element: element) { return true }
        }
        return false
    }

    /// All fields, in order, names as they were sent.
    package var all: [(name: String, value: String)] {
        entries.map {
            (
                String(repairing: bytes.span.extracting($0.name)),
                String(repairing: bytes.span.extracting($0.value))
            )
        }
    }

    func entry(_ name: String) -> FieldEntry? {
        let length = name.utf8.count
        for entry in entries where Int(entry.nameCount) == length {
            if Self.matches(bytes.span.extracting(entry.name), name) { return entry }
        }
        return nil
    }

    private static func matches(_ bytes: Span<UInt8>, _ name: String) -> Bool {
        let name = name.utf8.span
        guard name.count == bytes.count else { return false }
        for i in bytes.indices where Grammar.lowercase(bytes[i]) != Grammar.lowercase(name[i]) {
            return false
        }
        return true
    }
}
