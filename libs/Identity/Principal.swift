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

    package init(userID: UserID, expiresAt: Int, roles: [String] = []) {
        self.userID = userID
        self.expiresAt = expiresAt
        self.roles = roles
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
    /// 431 for `AuthenticationError.tokenTooLarge`.
    package static let tokenTooLarge = Problem(.headerFieldsTooLarge, "The token is larger than 16 KiB.")
}
