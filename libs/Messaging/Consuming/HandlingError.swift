package import EventLoop

/// Why a handler failed; `kind` decides what happens to the message.
package struct HandlingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// A server that the handler needs is unavailable. No message's attempt is counted, and the same
        /// batch is retried until the server is available.
        case unavailable
        /// May succeed later: retried by the retry policy, then dead-lettered.
        case transient
        /// Will never succeed: dead-lettered at once.
        case permanent
    }

    package let kind: Kind
    /// Safe for `x-error` and logs: no personal data, no server's text.
    package let reason: String
    /// For programs; nil for the most common reason of a queue's handler.
    package let code: String?

    package init(_ kind: Kind, _ reason: String, code: String? = nil) {
        self.kind = kind
        self.reason = reason
        self.code = code
    }

    package var description: String { reason }

    /// For an error that a handler did not map.
    package static let unexpected = HandlingError(.transient, "The handler failed unexpectedly.")
}

/// The result for one message of a batch.
package enum HandlingResult: Sendable, Hashable {
    case done
    /// `.unavailable` counts as `.transient` here: for an unavailable server, fail the batch instead.
    case failed(HandlingError)
    /// Not decided yet: `EventHandler.handleDeferred` is called for the message alone, while the queue
    /// continues.
    case deferred
}

/// Handles the events of one queue.
@Loop
package protocol EventHandler<Event>: AnyObject {
    associatedtype Event: Sendable

    /// Handles a batch and returns each message's result, in order. When it throws for a batch of more than
    /// one, each message is retried individually, so that only the failing one fails (except for
    /// `.unavailable`, which retries the batch). Must be idempotent by correlation id.
    func handle(_ batch: [Received<Event>]) async throws -> [HandlingResult]

    /// Handles a message whose result was `.deferred`. It stays unsettled meanwhile, so this should end
    /// within a few seconds; a thrown error fails the message. `.deferred` again counts as transient.
    func handleDeferred(_ received: Received<Event>) async throws -> HandlingResult

    /// Called when the message is in the dead-letter queue, to notify its user. The call is repeated a few
    /// times when it throws, and for `.unavailable` until the server is available; the message stays
    /// dead-lettered.
    func deadLettered(_ deadLetter: DeadLetter<Event>) async throws
}

extension EventHandler {
    package func handleDeferred(_ received: Received<Event>) async throws -> HandlingResult { .deferred }

    package func deadLettered(_ deadLetter: DeadLetter<Event>) async throws {}
}
