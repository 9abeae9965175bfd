/// Verifies bearer tokens, and remembers those it has verified until they expire.
package struct TokenVerifier {
    package let rules: TokenRules
    /// A changed set forgets every token: what a withdrawn key has signed is worth nothing.
    package var keys: KeySet {
        didSet { if keys != oldValue { cache.removeAll() } }
    }
    private var cache: TokenCache

    /// - Parameter cachedTokens: how many verified tokens are remembered, about 1.5 KB each; 0 for none.
    package init(keys: KeySet, rules: TokenRules, cachedTokens: Int = 4096) {
        self.keys = keys
        self.rules = rules
        cache = TokenCache(capacity: cachedTokens)
    }

    /// The claims of a token that is whole, signed by one of `keys`, meant for us and in force at `now` (seconds since
    /// the epoch).
    package mutating func verify(_ token: Span<UInt8>, now: Int) throws(JOSEError) -> TokenClaims {
        guard token.count <= rules.maximumBytes else { throw JOSEError(.tooLarge) }
        if let claims = cache[token] {
            try rules.checkTime(claims, now: now)
            return claims
        }
        let claims = try verifyAnew(token, now: now)
        cache.insert(claims, for: token)
        return claims
    }

    package mutating func verify(_ token: String, now: Int) throws(JOSEError) -> TokenClaims {
        try verify(token.utf8.span, now: now)
    }

    /// RFC 7515, section 5.2, then RFC 7519, section 7.2. Nothing of the claims is read before the signature is good.
    private func verifyAnew(_ token: Span<UInt8>, now: Int) throws(JOSEError) -> TokenClaims {
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
        guard dots.1 > 0, let header = Base64URL.decode(token.extracting(0..<dots.0)),
            let payload = Base64URL.decode(token.extracting((dots.0 + 1)..<dots.1)),
            let signature = Base64URL.decode(token.extracting((dots.1 + 1)..<token.count))
        else { throw JOSEError(.malformed) }
        let stated = try TokenHeader(parsing: header.span)
        let key = try keys.key(id: stated.keyID, algorithm: stated.algorithm)
        guard key.verifies(signature, of: token.extracting(0..<dots.1)) else {
            throw JOSEError(.badSignature)
        }
        let claims = try TokenClaims(parsing: payload.span)
        try rules.check(claims, now: now)
        return claims
    }
}
