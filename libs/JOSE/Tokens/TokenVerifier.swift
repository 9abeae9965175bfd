/// Verifies bearer tokens and caches verified ones until they expire.
package struct TokenVerifier {
    package let rules: TokenRules
    /// A changed set clears the cache, because tokens of a withdrawn key must no longer verify.
    package var keys: KeySet {
        didSet { if keys != oldValue { cache.removeAll() } }
    }
    private var cache: TokenCache

    /// In bytes: longer tokens are rare, and would make the cache large.
    private static let longestCached = 4 << 10

    /// - Parameter cachedTokens: capacity of the cache, about 1.5 KB per token; 0 disables it.
    package init(keys: KeySet, rules: TokenRules, cachedTokens: Int = 4096) {
        self.keys = keys
        self.rules = rules
        cache = TokenCache(capacity: cachedTokens)
    }

    /// The claims of a token that is well-formed, signed by one of `keys`, conforms to `rules` and is valid at `now`
    /// (seconds since the epoch).
    package mutating func verify(_ token: Span<UInt8>, now: Int) throws(JOSEError) -> TokenClaims {
        guard token.count <= rules.maximumBytes else { throw JOSEError(.tooLarge) }
        if let claims = cache[token] {
            try rules.checkTime(claims, now: now)
            return claims
        }
        let claims = try verifyUncached(token, now: now)
        if token.count <= Self.longestCached { cache.insert(claims, for: token) }
        return claims
    }

    package mutating func verify(_ token: String, now: Int) throws(JOSEError) -> TokenClaims {
        try verify(token.utf8.span, now: now)
    }

    /// RFC 7515, section 5.2, then RFC 7519, section 7.2. The claims are parsed only after the signature is verified.
    private func verifyUncached(_ token: Span<UInt8>, now: Int) throws(JOSEError) -> TokenClaims {
        var dots: (Int, Int) = (-1, -1)
        for index in 0..<token.count where token[index] == UInt8(ascii: ".") {
            if dots.0 < 0 {
                dots.0 = index
            } else if dots.1 < 0 {
                dots.1 = index
            } else {
                throw JOSEError(.malformed)
            }
        }
        guard dots.1 > 0, let headerBytes = Base64URL.decode(token.extracting(0..<dots.0)),
            let payload = Base64URL.decode(token.extracting((dots.0 + 1)..<dots.1)),
            let signature = Base64URL.decode(token.extracting((dots.1 + 1)..<token.count))
        else { throw JOSEError(.malformed) }
        let header = try TokenHeader(parsing: headerBytes.span)
        let candidates = try keys.candidates(id: header.keyID, algorithm: header.algorithm)
        let message = token.extracting(0..<dots.1)
        guard let key = candidates.first(where: { $0.verifies(signature, of: message) }) else {
            throw JOSEError(.badSignature)
        }
        var claims = try TokenClaims(parsing: payload.span)
        claims.keyTag = key.tag
        try rules.check(claims, now: now)
        return claims
    }
}
