package import EventLoop

/// Why a handler could not do its work; what happens to the message follows from `kind`.
package struct HandlingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// A server the handler needs is away: no fault of any message, so none is counted. The same batch is
        /// tried again until it is back.
        case unavailable
        /// May succeed later: up the retry retryPolicy, then parked.
        case transient
        /// Will never succeed: parked at once.
        case permanent
    }

    package let kind: Kind
    /// Fit for `x-error` and logs: no personal data, no server's text.
    package let reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    package var description: String { reason }

    /// For an error that a handler did not map.
    static let unexpected = HandlingError(.transient, "The handler failed unexpectedly.")
}

/// What became of one message of a batch.
package enum HandlingResult: Sendable, Hashable {
    case done
    /// `.unavailable` counts as `.transient` here: for a server that is away, fail the batch instead.
    case failed(HandlingError)
    /// Not decided yet: `EventHandler.decide` is asked for the message alone, while the queue goes on.
    case deferred
}

/// The work on the events of one queue.
@Loop
package protocol EventHandler<Event>: AnyObject {
    associatedtype Event: Sendable

    /// Handles a batch and gives each message's verdict, in order. Throwing fails all of it: a batch of more
    /// than one is then taken apart and each message handled alone, so that a poisoned one fails by itself
    /// (except for `.unavailable`, which repeats the batch). Must be idempotent by correlation id.
    func handle(_ batch: [Received<Event>]) async throws -> [HandlingResult]

    /// Decides on a message whose verdict was `.later`. It stays unsettled meanwhile, so this should end
    /// within a few seconds; what it throws is a failure of the message. `.later` again counts as transient.
    func handleDeferred(_ received: Received<Event>) async throws -> HandlingResult

    /// The message lies in the dead-letter queue now; tell whoever waits for it. Throwing repeats the call a
    /// few times, and for `.unavailable` until the server is back; the message stays parked.
    func deadLettered(_ parked: DeadLetter<Event>) async throws
}

extension EventHandler {
    package func handleDeferred(_ received: Received<Event>) async throws -> HandlingResult { .deferred }

    package func deadLettered(_ parked: DeadLetter<Event>) async throws {}
}
