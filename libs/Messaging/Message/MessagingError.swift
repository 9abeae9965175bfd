/// Why a message was not published, independent of the broker.
package struct MessagingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The message breaks a rule of ours; nothing was sent.
        case invalid
        /// No broker, or one that takes nothing now; nothing was sent.
        case unavailable
        /// Too much is under way; nothing was sent.
        case overloaded
        /// No queue wants it. It is nowhere.
        case unroutable
        /// The broker refused it for good. It is nowhere.
        case refused
        /// The broker may have it or not: repeat with the same message id.
        case unknownOutcome
        /// This side is shutting down.
        case closed
    }

    package let code: Code
    /// Fit for logs: nothing of the message and nothing the broker said.
    package let detail: String

    package init(_ code: Code, _ detail: String = "") {
        self.code = code
        self.detail = detail
    }

    /// Whether the broker may have the message; after every other error it has not.
    package var isOutcomeUnknown: Bool { code == .unknownOutcome }

    /// Whether the same message may be accepted later.
    package var isRetriable: Bool {
        switch code {
        case .unavailable, .overloaded, .unknownOutcome, .refused, .unroutable: true
        case .invalid, .closed: false
        }
    }

    package var description: String {
        detail.isEmpty ? "messaging \(code.rawValue)" : "messaging \(code.rawValue): \(detail)"
    }
}
