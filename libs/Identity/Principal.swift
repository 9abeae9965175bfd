internal import Bytes
internal import HTTP
package import Orders
package import Service

/// The user of a verified token.
package struct Principal: Sendable, Equatable {
    package let userID: UserID
    /// The token's expiry in seconds since 1970.
    package let expiresAt: Int
    package let roles: [String]
    /// Of the key that verified the token; see ``Authenticator/trusts(_:)``.
    package let keyTag: UInt64

    package init(userID: UserID, expiresAt: Int, roles: [String] = [], keyTag: UInt64 = 0) {
        self.userID = userID
        self.expiresAt = expiresAt
        self.roles = roles
        self.keyTag = keyTag
    }

    package static let operatorRole = "operator"
    package var isOperator: Bool { roles.contains { $0.hasSameBytes(as: Self.operatorRole) } }
}

/// Why a request is not authenticated. The reason is for logs and metrics; the client gets only 401, 403 or 503.
package enum AuthenticationError: Error, Sendable, Equatable {
    /// The request has no token.
    case missingToken
    /// The token does not verify, with the verifier's error code.
    case invalidToken(String)
    /// The token is longer than `TokenRules.maximumBytes`.
    case tokenTooLarge
    /// The token verifies but has no valid user id.
    case noIdentity
    /// The issuer's keys are not available.
    case unavailable
}

extension Problem {
    /// RFC 6750, section 3.1. The response does not say why a token is invalid.
    package init(_ error: AuthenticationError) {
        switch error {
        case .missingToken:
            self.init(
                .unauthorized, "A bearer token is required.",
                headers: ["WWW-Authenticate": #"Bearer realm="waybill""#])
        case .invalidToken:
            self.init(
                .unauthorized, "The bearer token is not valid.",
                headers: ["WWW-Authenticate": #"Bearer realm="waybill", error="invalid_token""#])
        case .tokenTooLarge: self.init(.headerFieldsTooLarge, "The token is larger than 16 KiB.")
        case .noIdentity:
            self.init(
                .forbidden,
                "The token names no user of 1 to \(UserID.longest) bytes without control characters.")
        case .unavailable: self = .unavailable("Tokens cannot be verified at the moment.", retryAfter: 2)
        }
    }
}
