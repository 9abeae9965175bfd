internal import Bytes

/// The user of a verified token; never read from a request body.
package struct UserID: Hashable, Sendable {
    /// In UTF-8 bytes.
    package static let longest = 128

    private let bytes: ByteString

    package var value: String { bytes.text }

    /// Nil when blank, longer than `longest` or with a control character, because it becomes part of keys, channels and
    /// log lines.
    package init?(_ value: String) {
        guard value.utf8.count <= Self.longest else { return nil }
        if Self.isPlain(value) {
            bytes = ByteString(value)
            return
        }
        var isBlank = true
        // ASCII is checked without a look-up of Unicode properties, because this runs for each request.
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
        bytes = ByteString(value)
    }

    /// Whether the value is printable ASCII without spaces, the common case that needs no Unicode properties.
    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension UserID: CustomStringConvertible {
    package var description: String { value }
}
