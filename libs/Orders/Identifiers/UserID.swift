/// Who orders: the identity that a verified token names. Never taken from a body.
package struct UserID: Hashable, Sendable {
    /// In bytes of UTF-8.
    package static let longest = 128

    package let value: String

    /// Nil when blank, longer than `longest` or holding a control character: it becomes part of keys,
    /// channels and log lines.
    package init?(_ value: String) {
        guard value.utf8.count <= Self.longest else { return nil }
        if Self.isPlain(value) {
            self.value = value
            return
        }
        var isBlank = true
        // Each request builds one: an ASCII byte is judged without Unicode's tables.
        for scalar in value.unicodeScalars {
            if scalar.isASCII {
                guard (0x20..<0x7F).contains(scalar.value) else { return nil }
                if scalar.value != 0x20 { isBlank = false }
            } else {
                guard scalar.properties.generalCategory != .control else { return nil }
                if !scalar.properties.isWhitespace { isBlank = false }
            }
        }
        guard !isBlank else { return nil }
        self.value = value
    }

    /// Printable ASCII without spaces, which nearly all are: no look into Unicode's tables.
    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension UserID: CustomStringConvertible {
    package var description: String { value }
}
