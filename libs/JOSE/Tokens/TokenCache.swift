/// A bounded cache of verified tokens by their whole text; the oldest entry is evicted first.
struct TokenCache {
    private struct Entry {
        let token: [UInt8]
        let claims: TokenClaims
    }

    private let capacity: Int
    /// By a digest of the token's last 32 bytes: a part of its signature, so evenly distributed. The whole token is
    /// compared afterwards.
    private var entries: [Int: Entry] = [:]
    /// The digests in order of insertion, as a ring buffer once it is full.
    private var insertions: [Int] = []
    private var oldest = 0

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    subscript(token: Span<UInt8>) -> TokenClaims? {
        guard capacity > 0, let entry = entries[Self.digest(of: token)], Self.equal(entry.token, token) else {
            return nil
        }
        return entry.claims
    }

    mutating func insert(_ claims: TokenClaims, for token: Span<UInt8>) {
        guard capacity > 0 else { return }
        var copy: [UInt8] = []
        copy.reserveCapacity(token.count)
        for index in 0..<token.count { copy.append(token[index]) }
        let digest = Self.digest(of: token)
        guard entries.updateValue(Entry(token: copy, claims: claims), forKey: digest) == nil else { return }
        guard insertions.count == capacity else { return insertions.append(digest) }
        entries[insertions[oldest]] = nil
        insertions[oldest] = digest
        oldest = (oldest + 1) % capacity
    }

    mutating func removeAll() {
        entries = [:]
        insertions = []
        oldest = 0
    }

    private static func digest(of token: Span<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(token.count)
        var index = max(0, token.count - 32)
        while index < token.count {
            var word: UInt64 = 0
            for offset in index..<min(index + 8, token.count) { word = word << 8 | UInt64(token[offset]) }
            hasher.combine(word)
            index += 8
        }
        return hasher.finalize()
    }

    private static func equal(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        let left = left.span
        var difference: UInt8 = 0
        for index in 0..<left.count { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
