/// Limits and options that RFC 8259 (section 9) leaves to the parser.
package struct JSONLimits: Sendable {
    /// Nesting of objects and arrays.
    package var depth: Int
    /// Size of the document in bytes.
    package var bytes: Int
    /// Whether an object may repeat a member's name (RFC 8259, section 4: "SHOULD be unique"; RFC 7493: "MUST").
    package var allowsDuplicateKeys: Bool

    package init(depth: Int = 32, bytes: Int = 1 << 20, allowsDuplicateKeys: Bool = false) {
        self.depth = depth
        self.bytes = bytes
        self.allowsDuplicateKeys = allowsDuplicateKeys
    }
}

/// A strict pull parser of one JSON document (RFC 8259). The caller reads the values it expects, in the document's
/// order, as Swift values without an intermediate tree.
///
/// ```swift
/// try JSONReader.read(body.span) { reader throws(JSONError) in
///     try reader.object { reader, key throws(JSONError) in
///         switch key {
///         case "productId": productId = try reader.string()
///         case "quantity": quantity = try reader.int()
///         default: try reader.skip()
///         }
///     }
/// }
/// ```
///
/// After `wrongKind`, `notAnInteger` and `outOfRange` the reader stays before the value, so that the caller may
/// `skip()` it and collect further errors. After any other error the reader cannot be used.
package struct JSONReader: ~Escapable {
    let bytes: Span<UInt8>
    let limits: JSONLimits
    /// Bytes read so far.
    package internal(set) var position = 0
    var depth = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        guard bytes.count <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes) }
        self.bytes = bytes
        self.limits = limits
    }

    /// Reads a whole document: `body` reads its value, and only whitespace may follow.
    @inlinable
    package static func read<Value>(
        _ bytes: Span<UInt8>, limits: JSONLimits = JSONLimits(),
        _ body: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        var reader = try JSONReader(bytes, limits: limits)
        let value = try body(&reader)
        try reader.end()
        return value
    }

    /// Checks that only whitespace is left.
    package mutating func end() throws(JSONError) {
        skipWhitespace()
        guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
    }

    /// The kind of the next value, by its first byte; the value is neither read nor checked.
    package mutating func peek() throws(JSONError) -> JSONKind {
        skipWhitespace()
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw JSONError(.unexpectedByte, at: position)
        }
    }

    /// Reads a `null` if it is the next value.
    package mutating func consumeNull() throws(JSONError) -> Bool {
        guard try peek() == .null else { return false }
        try literal("null")
        return true
    }

    package mutating func bool() throws(JSONError) -> Bool {
        guard try peek() == .bool else { throw JSONError(.wrongKind, at: position, expected: .bool) }
        let value = bytes[position] == UInt8(ascii: "t")
        try literal(value ? "true" : "false")
        return value
    }

    /// `nil` for `null`, else what `body` reads.
    @inlinable
    package mutating func optional<Value>(
        _ body: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value? {
        try consumeNull() ? nil : try body(&self)
    }

    /// Skips the next value of any kind, with the same checks as reading it.
    package mutating func skip() throws(JSONError) {
        switch try peek() {
        case .object: try object { (reader, _) throws(JSONError) in try reader.skip() }
        case .array: try array { (reader) throws(JSONError) in try reader.skip() }
        case .string: _ = try text()
        case .number: _ = try number()
        case .bool: _ = try bool()
        case .null: try literal("null")
        }
    }

    /// Skips the next value, with all checks, and returns its bytes in the document.
    @_lifetime(copy self)
    package mutating func raw() throws(JSONError) -> Span<UInt8> {
        skipWhitespace()
        let start = position
        try skip()
        return bytes.extracting(start..<position)
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position &+= 1
        }
    }

    /// Skips whitespace, then `byte` if it is next.
    @inline(__always)
    mutating func consume(_ byte: UInt8) -> Bool {
        skipWhitespace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position &+= 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard consume(byte) else { throw unexpected() }
    }

    func unexpected() -> JSONError {
        JSONError(position < bytes.count ? .unexpectedByte : .unexpectedEnd, at: position)
    }

    private mutating func literal(_ text: String) throws(JSONError) {
        for byte in text.utf8 {
            guard position < bytes.count, bytes[position] == byte else { throw unexpected() }
            position &+= 1
        }
    }
}
