internal import Bytes

/// The claims that a token must have, and its limits.
package struct TokenRules: Sendable {
    /// The required `iss`, compared byte by byte.
    package var issuer: String
    /// The required member of `aud`.
    package var audience: String
    /// Tolerated clock skew in seconds.
    package var leeway: Int
    /// Maximum size of the compact token.
    package var maximumBytes: Int

    package init(issuer: String, audience: String, leeway: Int = 30, maximumBytes: Int = 16 << 10) {
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
        self.maximumBytes = maximumBytes
    }

    func check(_ claims: TokenClaims, now: Int) throws(JOSEError) {
        guard let issuer = claims.issuer else { throw JOSEError(.missingClaim, claim: "iss") }
        guard issuer.hasSameBytes(as: self.issuer) else { throw JOSEError(.wrongIssuer) }
        guard !claims.audience.isEmpty else { throw JOSEError(.missingClaim, claim: "aud") }
        guard claims.audience.contains(where: { $0.hasSameBytes(as: audience) }) else {
            throw JOSEError(.wrongAudience)
        }
        try checkTime(claims, now: now)
    }

    /// RFC 7519, sections 4.1.4 and 4.1.5: invalid from `exp` on, valid from `nbf` on.
    func checkTime(_ claims: TokenClaims, now: Int) throws(JOSEError) {
        guard now < claims.expiresAt + leeway else { throw JOSEError(.expired) }
        if let start = claims.notBefore, now < start - leeway { throw JOSEError(.notYetValid) }
    }
}
