/// Why a message was not published, independent of the broker.
package struct MessagingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The message violates a rule of this library; nothing was sent.
        case invalid
        /// No broker, or one that accepts no messages now; nothing was sent.
        case unavailable
        /// Too many messages are pending; nothing was sent.
        case overloaded
        /// No queue is bound to its key; it is not stored.
        case unroutable
        /// The broker nacked it on every attempt; it is not stored.
        case refused
        /// The broker may have stored it or not: repeat with the same message id.
        case unknownOutcome
        /// This side is shutting down.
        case closed
    }

    package let code: Code
    /// Safe for logs: contains neither message data nor the broker's text.
    package let detail: String

    package init(_ code: Code, _ detail: String = "") {
        self.code = code
        self.detail = detail
    }

    /// Whether the broker may have stored the message; after every other error it has not.
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
