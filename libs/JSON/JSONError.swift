/// Why a document was rejected, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The document ends inside a value.
        case unexpectedEnd = "unexpected end"
        /// A byte that the grammar does not allow here.
        case unexpectedByte = "unexpected byte"
        /// Bytes after the document's only value.
        case trailingBytes = "trailing bytes"
        case invalidNumber = "invalid number"
        case invalidEscape = "invalid escape"
        /// `\uD800`…`\uDFFF` outside a surrogate pair.
        case loneSurrogate = "lone surrogate"
        /// A byte below 0x20 inside a string.
        case controlCharacter = "control character"
        case invalidUTF8 = "invalid UTF-8"
        case duplicateKey = "duplicate key"
        case tooDeep = "too deep"
        case tooLarge = "too large"
        /// Valid JSON of another kind than requested; the reader stays before the value.
        case wrongKind = "wrong kind"
        /// A number with a fraction or exponent where an integer was requested; the reader stays before it.
        case notAnInteger = "not an integer"
        /// A number outside the requested type's range; the reader stays before it.
        case outOfRange = "out of range"
        /// For callers: a required member is missing.
        case missingKey = "missing key"
        /// For callers: a value of the right kind but outside its domain.
        case invalidValue = "invalid value"
    }

    package let code: Code
    /// Offset in bytes from the document's start at which reading stopped.
    package let offset: Int
    /// The requested kind, when the code is `wrongKind`.
    package let expected: JSONKind?
    /// The value's path, as in `items[0].quantity`. Keys come from the peer, so `description` omits them.
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
        let expectation = expected.map { ", expected \($0.rawValue)" } ?? ""
        return "JSON \(code.rawValue) at byte \(offset)\(expectation)"
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

/// A value's kind, which its first byte determines.
package enum JSONKind: String, Sendable {
    case object, array, string, number, bool, null
}
