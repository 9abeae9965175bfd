internal import Bytes
package import JSON

/// The claims of a verified token (RFC 7519, section 4). Times are seconds since the epoch.
package struct TokenClaims: Sendable, Equatable {
    package internal(set) var issuer: String?
    package internal(set) var subject: String?
    /// Empty when the claim is absent.
    package internal(set) var audience: [String] = []
    /// Rounded down, so that a fraction never extends the lifetime.
    package internal(set) var expiresAt: Int
    package internal(set) var notBefore: Int?
    package internal(set) var issuedAt: Int?
    /// The `jti`.
    package internal(set) var id: String?
    /// The user: `sub`, else the name identifier of WS-Federation, else Entra's `oid`.
    package internal(set) var userID: String?
    /// From `roles` and `role`, each a string or an array of them; empty for what an issuer puts there instead.
    package internal(set) var roles: [String] = []
    /// The ``VerificationKey/tag`` of the key that verified the token.
    package internal(set) var keyTag: UInt64 = 0
    /// Every other claim.
    package internal(set) var others: [JSONValue.Member] = []

    package subscript(name: String) -> JSONValue? { others.first { $0.key.hasSameBytes(as: name) }?.value }

    package static let nameIdentifier = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"

    /// Throws `malformed` with the claim's name for a claim of the wrong type, `missingClaim` without `exp`.
    init(parsing bytes: Span<UInt8>) throws(JOSEError) {
        var claims = TokenClaims()
        var expiry: Int?
        do throws(JSONError) {
            try JSONReader.read(bytes, limits: JSONLimits(depth: 16)) { (reader) throws(JSONError) in
                try reader.object { (reader, name) throws(JSONError) in
                    switch name {
                    case "iss": claims.issuer = try reader.string()
                    case "sub": claims.subject = try reader.string()
                    case "aud": claims.audience = try Self.strings(&reader)
                    case "exp": expiry = try Self.time(&reader, .down)
                    case "nbf": claims.notBefore = try Self.time(&reader, .up)
                    case "iat": claims.issuedAt = try Self.time(&reader, .down)
                    case "jti": claims.id = try reader.string()
                    case "roles", "role": claims.roles += Self.roles(try reader.value())
                    default: claims.others.append(JSONValue.Member(name.string, try reader.value()))
                    }
                }
            }
        } catch {
            throw JOSEError(.malformed, claim: Self.registered.first { $0 == error.path })
        }
        guard let expiry else { throw JOSEError(.missingClaim, claim: "exp") }
        claims.expiresAt = expiry
        let candidates = [claims.subject, claims[Self.nameIdentifier]?.string, claims["oid"]?.string]
        claims.userID = candidates.lazy.compactMap(\.self).first { !$0.isEmpty }
        self = claims
    }

    private init() { expiresAt = 0 }

    private static let registered = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]

    private static func roles(_ value: JSONValue) -> [String] {
        if let role = value.string { return [role] }
        return (value.array ?? []).prefix(64).compactMap(\.string)
    }

    private static func strings(_ reader: inout JSONReader) throws(JSONError) -> [String] {
        if try reader.peek() == .string { return [try reader.string()] }
        return try reader.list(limit: 64) { (reader) throws(JSONError) in try reader.string() }
    }

    /// A NumericDate, which may have a fraction (RFC 7519, section 2), within what a double holds exactly.
    private static func time(
        _ reader: inout JSONReader, _ rounding: FloatingPointRoundingRule
    ) throws(JSONError) -> Int {
        let value = try reader.double().rounded(rounding)
        guard abs(value) < 0x1p53 else { throw JSONError(.outOfRange, at: reader.position) }
        return Int(value)
    }
}
