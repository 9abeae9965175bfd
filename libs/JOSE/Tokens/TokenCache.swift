/// Verified tokens by their whole text. Full, it forgets the one that came first.
struct TokenCache {
    private struct Entry {
        let token: [UInt8]
        let claims: TokenClaims
    }

    private let capacity: Int
    /// By a digest of the token's end, which is its signature and so as good as random; a stranger who repeats the end
    /// only fails the comparison of the whole.
    private var entries: [Int: Entry] = [:]
    /// The digests in order of arrival, as a ring once it is full.
    private var arrivals: [Int] = []
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
        guard arrivals.count == capacity else { return arrivals.append(digest) }
        entries[arrivals[oldest]] = nil
        arrivals[oldest] = digest
        oldest = (oldest + 1) % capacity
    }

    mutating func removeAll() {
        entries = [:]
        arrivals = []
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
