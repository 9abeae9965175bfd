package import Redis

/// Why the shared state could not be read or written.
package struct WorkflowStateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The store is unavailable, slow or overloaded, or refuses the command.
        case unavailable
        /// The store returned something that this library never writes.
        case unusable
    }

    package let code: Code
    /// Whether the same call may succeed later.
    package let isRetriable: Bool
    /// Whether the operation may have been applied although this was thrown.
    package let outcomeIsUnknown: Bool
    package let underlying: RedisError?

    package init(
        _ code: Code, isRetriable: Bool, outcomeIsUnknown: Bool = false, underlying: RedisError? = nil
    ) {
        self.code = code
        self.isRetriable = isRetriable
        self.outcomeIsUnknown = outcomeIsUnknown
        self.underlying = underlying
    }

    init(_ error: RedisError) {
        // A user's permissions may be corrected, and a renamed command restored: that is the server's fault, and no
        // single order's.
        let isOfServer =
            switch error.code {
            case .closed, .authentication: true
            case .server(let prefix): prefix != "WRONGTYPE"
            default: error.isRetriable
            }
        self.init(
            isOfServer ? .unavailable : .unusable,
            isRetriable: error.isRetriable, outcomeIsUnknown: error.outcomeIsUnknown, underlying: error)
    }

    static let unexpectedReply = WorkflowStateError(RedisError(.unexpectedReply))

    package var description: String {
        "workflow state \(code)" + (underlying.map { ": \($0)" } ?? "")
    }
}
