/// Why a token, a key or a key set was rejected. Contains none of their content.
package struct JOSEError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Not a compact JWS whose header and claims are JSON objects of the right shape.
        case malformed
        /// Longer than the limit; not parsed.
        case tooLarge
        /// `none`, an unsupported algorithm, or another than the key is bound to.
        case unsupportedAlgorithm
        /// A `typ` other than an access token's, or a `crit` extension (RFC 7515, section 4.1.11).
        case unsupportedHeader
        /// No key matches the header; a refreshed key set may contain one.
        case unknownKey
        case badSignature
        case expired
        case notYetValid
        case wrongIssuer
        case wrongAudience
        case missingClaim
        /// A key too short, not on its curve, or not for verifying.
        case invalidKey
        /// An OpenSSL operation failed.
        case cryptography
    }

    package let code: Code
    /// The registered name of the claim that is missing or malformed.
    package let claim: String?

    package init(_ code: Code, claim: String? = nil) {
        self.code = code
        self.claim = claim
    }

    package var description: String {
        "JOSE \(code.rawValue)" + (claim.map { " (\($0))" } ?? "")
    }
}
