/// Bounds and choices that RFC 8259 (section 9) leaves to the reader.
package struct JSONLimits: Sendable {
    /// Objects and arrays within each other.
    package var depth: Int
    /// Bytes of the document.
    package var bytes: Int
    /// Whether an object may name a member twice (RFC 8259, section 4: "SHOULD be unique"; RFC 7493: "MUST").
    package var allowsDuplicateKeys: Bool

    package init(depth: Int = 32, bytes: Int = 1 << 20, allowsDuplicateKeys: Bool = false) {
        self.depth = depth
        self.bytes = bytes
        self.allowsDuplicateKeys = allowsDuplicateKeys
    }
}

/// A strict pull reader of one JSON document (RFC 8259): the caller asks for the values it expects, in the document's
/// order, and gets Swift values without a tree between.
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
/// A read that meets a value of another kind (`wrongKind`, `notAnInteger`, `outOfRange`) leaves the reader before that
/// value, so the caller may `skip()` it and carry on to gather every fault. After any other error the document is done.
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

    /// Reads a whole document: `body` reads its value, then nothing but whitespace may follow.
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

    /// Checks that nothing but whitespace is left.
    package mutating func end() throws(JSONError) {
        skipWhitespace()
        guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
    }

    /// The kind of the next value, which stays unread. Its contents are not checked yet.
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

    /// Takes a `null` if that is what comes next.
    package mutating func takeNull() throws(JSONError) -> Bool {
        guard try peek() == .null else { return false }
        try word("null")
        return true
    }

    package mutating func bool() throws(JSONError) -> Bool {
        guard try peek() == .bool else { throw JSONError(.wrongKind, at: position, expected: .bool) }
        let value = bytes[position] == UInt8(ascii: "t")
        try word(value ? "true" : "false")
        return value
    }

    /// `nil` for `null`, else what `body` reads.
    @inlinable
    package mutating func optional<Value>(
        _ body: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value? {
        try takeNull() ? nil : try body(&self)
    }

    /// Reads past the next value, of whatever kind, checking it as strictly as if it were wanted.
    package mutating func skip() throws(JSONError) {
        switch try peek() {
        case .object: try object { (reader, _) throws(JSONError) in try reader.skip() }
        case .array: try array { (reader) throws(JSONError) in try reader.skip() }
        case .string: _ = try text()
        case .number: _ = try number()
        case .bool: _ = try bool()
        case .null: try word("null")
        }
    }

    /// Reads past the next value and returns its bytes, checked, as they stand in the document.
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

    /// Takes `byte` if it comes next, after whitespace.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        skipWhitespace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position &+= 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard take(byte) else { throw unexpected() }
    }

    func unexpected() -> JSONError {
        JSONError(position < bytes.count ? .unexpectedByte : .unexpectedEnd, at: position)
    }

    private mutating func word(_ word: String) throws(JSONError) {
        for byte in word.utf8 {
            guard position < bytes.count, bytes[position] == byte else { throw unexpected() }
            position &+= 1
        }
    }
}
