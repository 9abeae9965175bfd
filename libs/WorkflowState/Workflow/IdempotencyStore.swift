package import EventLoop
package import Orders

/// Remembers what was answered to an `Idempotency-Key`, per user.
@Loop
package protocol IdempotencyStore: AnyObject {
    /// Claims a key for a request, atomically.
    ///
    /// - Parameters:
    ///   - lease: a new one. What it says of the request's payload counts: another payload under the same key
    ///     is refused.
    ///   - draft: what is going to be done, for whoever takes the key over should this process die of it.
    func reserve(_ lease: IdempotencyLease, draft: [UInt8]) async throws(WorkflowStateError) -> Reservation

    /// Stores the response, unless the lease ran out and somebody else holds the key.
    ///
    /// - Returns: whether it was stored.
    func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError) -> Bool

    /// Gives the key back after a failure, so that the client's retry is not refused as in flight.
    func release(_ lease: IdempotencyLease) async throws(WorkflowStateError)

    /// Ends a lease whose holder is not at work any more and cannot say what became of it; the draft stays, and
    /// the next request goes on with it. To be called again until it succeeds. Nothing that the lease's holder
    /// asked for before has an effect afterwards, in whatever order a network delivers it: a reservation that
    /// was not there yet is refused when it comes.
    func expire(_ lease: IdempotencyLease) async throws(WorkflowStateError)
}

package struct IdempotencyKey: Sendable, Hashable {
    package var user: UserID
    /// As the client sent it.
    package var key: String

    package init(user: UserID, key: String) {
        self.user = user
        self.key = key
    }
}

/// The right to answer a key. It ends by itself, so that a crash does not block the key; the next request
/// with it takes it over.
package struct IdempotencyLease: Sendable, Hashable {
    package let key: IdempotencyKey
    package let fingerprint: String
    package let token: String

    /// A new one, which nobody holds yet.
    ///
    /// - Parameter fingerprint: of the request's payload.
    package init(_ key: IdempotencyKey, fingerprint: String) {
        self.key = key
        self.fingerprint = fingerprint
        token = String(UInt64.random(in: 0 ... .max), radix: 16)
    }
}

package enum Reservation: Sendable, Equatable {
    /// Go ahead, then complete, release or let go.
    case reserved
    /// The same, after somebody who began with this draft and did not finish. How far they came is unknown.
    case resumed(draft: [UInt8])
    /// Another request with this key and payload is being answered.
    case inFlight
    /// It was answered with this.
    case replay([UInt8])
    /// The key belongs to another payload.
    case mismatch
}
