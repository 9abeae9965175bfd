package import Orders

/// Who a verified token speaks for.
package struct Principal: Sendable, Equatable {
    package let userID: UserID
    /// Seconds since 1970 at which the token's life ends.
    package let expiresAt: Int
    package let roles: [String]

    package init(userID: UserID, expiresAt: Int, roles: [String] = []) {
        self.userID = userID
        self.expiresAt = expiresAt
        self.roles = roles
    }

    package static let operatorRole = "operator"
    package var isOperator: Bool { roles.contains(Self.operatorRole) }
}

/// Why a request is nobody's. The reason is for logs and metrics; the client learns only 401 or 403.
package enum AuthenticationError: Error, Sendable, Equatable {
    /// No token was brought.
    case missing
    /// The token is not one of ours, or not any more.
    case refused(String)
    /// The token is good and names no user.
    case noIdentity
    /// The issuer's keys could not be had.
    case unavailable
}
