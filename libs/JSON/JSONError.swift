/// Why a document was refused, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The document ends inside a value.
        case unexpectedEnd
        /// A byte that the grammar does not allow here.
        case unexpectedByte
        /// Bytes after the document's only value.
        case trailingBytes
        case invalidNumber
        case invalidEscape
        /// `\uD800`…`\uDFFF` without its other half.
        case loneSurrogate
        /// A byte below 0x20 inside a string.
        case controlCharacter
        case invalidUTF8
        case duplicateKey
        case tooDeep
        case tooLarge
        /// Valid JSON, of another kind than was asked for; the reader still stands before the value.
        case wrongKind
        /// A number with a fraction or an exponent where an integer was asked for; the reader still stands before it.
        case notAnInteger
        /// A number that the asked type cannot hold; the reader still stands before it.
        case outOfRange
        /// For callers: a member that must be there is not.
        case missingKey
        /// For callers: the right kind, but not a value that they accept.
        case invalidValue
    }

    package let code: Code
    /// The byte, counted from the document's start, at which reading stopped.
    package let offset: Int
    /// What was asked for, when the code is `wrongKind`.
    package let expected: JSONKind?
    /// Where in the document, as in `items[0].quantity`. Keys come from the peer, so `description` leaves them out.
    package private(set) var path: String = ""

    package init(_ code: Code, at offset: Int, expected: JSONKind? = nil) {
        self.code = code
        self.offset = offset
        self.expected = expected
    }

    /// The member `key` of the object that `reader` has just read is missing.
    package static func missing(_ key: String, in reader: borrowing JSONReader) -> JSONError {
        var error = JSONError(.missingKey, at: reader.position)
        error.path = key
        return error
    }

    package var description: String {
        let wanted = expected.map { ", expected \($0.rawValue)" } ?? ""
        return "JSON \(code.rawValue) at byte \(offset)\(wanted)"
    }

    func inside(_ key: borrowing JSONText) -> JSONError {
        var error = self
        let separator = path.isEmpty || path.utf8.first == UInt8(ascii: "[") ? "" : "."
        error.path = String(key.string.prefix(64)) + separator + path
        return error
    }

    func inside(_ index: Int) -> JSONError {
        var error = self
        let separator = path.isEmpty || path.utf8.first == UInt8(ascii: "[") ? "" : "."
        error.path = "[\(index)]" + separator + path
        return error
    }
}

/// What a value is, told by its first byte.
package enum JSONKind: String, Sendable {
    case object, array, string, number, bool, null
}
