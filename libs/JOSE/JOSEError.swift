/// Why a token, a key or a key set was refused. Says nothing of what they held.
package struct JOSEError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Not a compact JWS whose header and claims are JSON objects of the right shape.
        case malformed
        /// Longer than the limit; not looked at.
        case tooLarge
        /// `none`, an algorithm that is not known here, or another than the key is pinned to.
        case unsupportedAlgorithm
        /// A `typ` that is no access token's, or a `crit` extension (RFC 7515, section 4.1.11).
        case unsupportedHeader
        /// No key fits the header; a fresh key set may have one.
        case unknownKey
        case badSignature
        case expired
        case notYetValid
        case wrongIssuer
        case wrongAudience
        case missingClaim
        /// A key too short, not on its curve, or not for verifying.
        case invalidKey
        /// OpenSSL would not do what it must be able to.
        case cryptography
    }

    package let code: Code
    /// The claim that is missing or misshapen, by its registered name.
    package let claim: String?

    package init(_ code: Code, claim: String? = nil) {
        self.code = code
        self.claim = claim
    }

    package var description: String {
        "JOSE \(code.rawValue)" + (claim.map { " (\($0))" } ?? "")
    }
}
