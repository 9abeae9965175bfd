package import Observability
package import Service

/// The settings for token verification, which ``TokenKeys`` reads.
package enum TokenSettings {
    package static let issuer = SettingKey.string(
        "JWT_ISSUER", kind: "the exact `iss`", "The issuer of accepted tokens.")

    package static let audience = SettingKey.string(
        "JWT_AUDIENCE", kind: "one of the `aud`", "The audience of accepted tokens.")

    package static let secret = SettingKey.secret(
        "JWT_SECRET", minimumBytes: 32, "The secret of HS256 tokens; instead of JWT_JWKS_URL."
    ).optional

    package static let keySet = SettingKey.url(
        "JWT_JWKS_URL", schemes: ["https", "http"],
        "The issuer's JWK set, or its `/.well-known/openid-configuration`; instead of JWT_SECRET."
    ).optional

    package static let all: [any AnySettingKey] = [issuer, audience, secret, keySet]

    /// Random secrets have more distinct bytes in any encoding; `aaaa…` and `secretsecret…` have fewer.
    private static let minimumDistinctBytes = 10

    /// There is no default: exactly one of the secret and the key set is required.
    package static let rules = [
        SettingsRule(at: secret) { settings in
            // One that is not valid has been reported.
            guard let secret = settings.value(secret), let keySet = settings.value(keySet) else { return nil }
            switch (secret != nil, keySet != nil) {
            case (false, false): return SettingError("is not set, nor is JWT_JWKS_URL", write: "one of them")
            case (true, true): return SettingError("is set, and so is JWT_JWKS_URL", write: "one of them")
            default: return nil
            }
        },
        SettingsRule(at: secret) { settings in
            guard settings.value(ServiceKeys.profile) == .production,
                let secret = settings.value(secret) ?? nil,
                Set(secret.reveal().utf8).count < minimumDistinctBytes
            else { return nil }
            return SettingError(
                "has too few distinct characters and can be guessed", write: "32 random bytes")
        },
        SettingsRule(at: keySet) { settings in
            guard settings.value(ServiceKeys.profile) == .production,
                let url = settings.value(keySet) ?? nil, url.hasPrefix("http://")
            else { return nil }
            return SettingError("is not https, so that keys could be forged in transit", write: "https://…")
        },
    ]
}
