package import Redis

/// Why the shared state could not be read or written.
package struct WorkflowStateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The store is away, slow or overloaded.
        case unavailable
        /// The store answered something that this library never wrote, or refused the command.
        case unusable
    }

    package let code: Code
    /// Whether the same call may succeed a little later.
    package let isRetriable: Bool
    /// Whether what was asked for may have been done although this was thrown.
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
            error.isRetriable || error.code == .closed ? .unavailable : .unusable,
            isRetriable: error.isRetriable, outcomeIsUnknown: error.outcomeIsUnknown, underlying: error)
    }

    static let unexpectedReply = WorkflowStateError(RedisError(.unexpectedReply))

    package var description: String {
        "workflow state \(code)" + (underlying.map { ": \($0)" } ?? "")
    }
}
