internal import JSON

/// Issues tokens for users, in the development profile and in tests.
package struct TokenIssuer: Sendable {
    package let key: SigningKey
    package let issuer: String
    package let audience: String

    package init(key: SigningKey, issuer: String, audience: String) {
        self.key = key
        self.issuer = issuer
        self.audience = audience
    }

    /// A token for `userID`, valid from `now` (seconds since the epoch) for `lifetime` seconds.
    package func token(
        for userID: String, roles: [String] = [], now: Int, lifetime: Int = 3600
    ) throws(JOSEError) -> String {
        try key.sign { writer in
            writer.field("iss", issuer)
            writer.field("aud", audience)
            writer.field("sub", userID)
            writer.field("iat", now)
            writer.field("nbf", now)
            writer.field("exp", now + lifetime)
            writer.field("jti", Base64URL.encode(SecureRandom.bytes(16)))
            if !roles.isEmpty {
                writer.key("roles")
                writer.array { for role in roles { $0.string(role) } }
            }
        }
    }
}
