package import Redis

/// Why the shared state could not be read or written.
package struct WorkflowStateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The store is unavailable, slow or overloaded.
        case unavailable
        /// The store returned something that this library never writes, or refused the command.
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
        self.init(
            // A user's permissions may be corrected.
            error.isRetriable || [.closed, .authentication].contains(error.code) ? .unavailable : .unusable,
            isRetriable: error.isRetriable, outcomeIsUnknown: error.outcomeIsUnknown, underlying: error)
    }

    static let unexpectedReply = WorkflowStateError(RedisError(.unexpectedReply))

    package var description: String {
        "workflow state \(code)" + (underlying.map { ": \($0)" } ?? "")
    }
}
