/// A text from outside. It is equal, hashed and ordered by its UTF-8 bytes, as in Redis and PostgreSQL.
///
/// A `String` is equal to every canonically equivalent one: `é` is one scalar or two, and `K` is also U+212A. Where texts
/// decide whose something is, that makes two users of one, or one of two.
package struct ByteString: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ByteString, right: ByteString) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        var (word, count) = (UInt64(0), 0)
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(count)
    }
}

extension ByteString: Comparable {
    package static func < (left: ByteString, right: ByteString) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension ByteString: CustomStringConvertible, ExpressibleByStringLiteral {
    package var description: String { text }

    package init(stringLiteral text: String) { self.text = text }
}

extension StringProtocol {
    /// Whether the UTF-8 bytes are the same.
    package func hasSameBytes(as other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension String {
    /// Whether the UTF-8 bytes are the same.
    package func hasSameBytes(as other: String) -> Bool {
        // Texts with the same bytes are equal; the comparison of the standard library is many times as fast as one byte by
        // byte. Among ASCII texts, equal ones have the same bytes.
        guard utf8.count == other.utf8.count, self == other else { return false }
        return (utf8Span.isKnownASCII && other.utf8Span.isKnownASCII) || utf8.elementsEqual(other.utf8)
    }
}
