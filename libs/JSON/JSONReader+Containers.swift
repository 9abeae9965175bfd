extension JSONReader {
    /// Reads an object: calls `member` for each member with its key; `member` must read (or `skip()`) the value.
    package mutating func object(
        _ member: (inout JSONReader, JSONText) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(UInt8(ascii: "{"), as: .object)
        defer { depth &-= 1 }
        if consume(UInt8(ascii: "}")) { return }
        var seen = SeenKeys()
        repeat {
            skipWhitespace()
            let token = try scanString()
            if !limits.allowsDuplicateKeys, !seen.insert(token, of: bytes) {
                throw JSONError(.duplicateKey, at: token.start).inside(text(token))
            }
            try expect(UInt8(ascii: ":"))
            do {
                try member(&self, text(token))
            } catch {
                throw error.inside(text(token))
            }
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Reads an array: calls `element` for each element, which must read (or `skip()`) it.
    package mutating func array(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        try open(UInt8(ascii: "["), as: .array)
        defer { depth &-= 1 }
        if consume(UInt8(ascii: "]")) { return }
        var index = 0
        repeat {
            do {
                try element(&self)
            } catch {
                throw error.inside(index)
            }
            index &+= 1
        } while consume(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Reads an array into a list of at most `limit` elements; more is `tooLarge`.
    @inlinable
    package mutating func list<Element>(
        limit: Int = .max, _ element: (inout JSONReader) throws(JSONError) -> Element
    ) throws(JSONError) -> [Element] {
        var elements: [Element] = []
        try array { (reader) throws(JSONError) in
            guard elements.count < limit else { throw JSONError(.tooLarge, at: reader.position) }
            elements.append(try element(&reader))
        }
        return elements
    }

    private mutating func open(_ byte: UInt8, as kind: JSONKind) throws(JSONError) {
        guard consume(byte) else {
            _ = try peek()
            throw JSONError(.wrongKind, at: position, expected: kind)
        }
        guard depth < limits.depth else { throw JSONError(.tooDeep, at: position &- 1) }
        depth &+= 1
    }
}

/// The keys of one object read so far. The first sixteen are kept as offsets, so that a small object allocates nothing;
/// more go into a hashed set, which keeps duplicate detection linear for hostile input.
struct SeenKeys {
    private static let inlineKeys = 16
    /// One bit for each 6-bit digest of a key; a clear bit proves that the key is new.
    private var digests: UInt64 = 0
    private var count = 0
    private var ranges = InlineArray<16, Range<Int>>(repeating: 0..<0)
    private var hashedKeys: Set<[UInt8]> = []

    /// False for a duplicate. Keys are compared byte by byte after unescaping.
    mutating func insert(_ key: JSONReader.StringToken, of document: Span<UInt8>) -> Bool {
        guard hashedKeys.isEmpty, !key.isEscaped, count < Self.inlineKeys else {
            return insertHashed(key, of: document)
        }
        let range = key.range
        var digest = range.count &* 7
        if !range.isEmpty {
            digest &+= Int(document[range.lowerBound]) &+ 5 &* Int(document[range.upperBound &- 1])
        }
        let bit = 1 as UInt64 &<< UInt64(truncatingIfNeeded: digest & 63)
        if digests & bit != 0 {
            for index in 0..<count where Self.equal(ranges[index], range, in: document) { return false }
        }
        digests |= bit
        ranges[count] = range
        count &+= 1
        return true
    }

    @inline(never)
    private mutating func insertHashed(_ key: JSONReader.StringToken, of document: Span<UInt8>) -> Bool {
        if hashedKeys.isEmpty {
            for index in 0..<count {
                hashedKeys.insert(JSONText(document.extracting(ranges[index]), isEscaped: false).bytes)
            }
        }
        return hashedKeys.insert(JSONText(document.extracting(key.range), isEscaped: key.isEscaped).bytes)
            .inserted
    }

    private static func equal(_ left: Range<Int>, _ right: Range<Int>, in document: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count
        where document[left.lowerBound &+ index] != document[right.lowerBound &+ index] { return false }
        return true
    }
}
