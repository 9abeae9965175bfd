package import EventLoop
package import Orders

/// Stores the response to each `Idempotency-Key`, per user.
@Loop
package protocol IdempotencyStore: AnyObject {
    /// Claims a key for a request, atomically.
    ///
    /// - Parameters:
    ///   - lease: a new one. Its fingerprint applies: another payload under the same key is refused.
    ///   - draft: the planned work, for a request that resumes the key if this process crashes.
    func reserve(_ lease: IdempotencyLease, draft: [UInt8]) async throws(WorkflowStateError) -> Reservation

    /// Stores the response, unless the lease expired and another request holds the key.
    ///
    /// - Returns: whether it was stored.
    func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError) -> Bool

    /// Releases the key after a failure, so that the client's retry is not refused as in flight.
    func release(_ lease: IdempotencyLease) async throws(WorkflowStateError)

    /// Ends a lease whose request stopped with an unknown outcome; the draft stays, and the next request
    /// resumes it. Repeat the call until it succeeds. Earlier calls with the lease have no effect afterwards,
    /// in whatever order the network delivers them: a reservation that arrives later is refused.
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

/// The right to answer a key. It expires, so that a crash does not block the key; the next request then takes
/// it over.
package struct IdempotencyLease: Sendable, Hashable {
    package let key: IdempotencyKey
    package let fingerprint: String
    package let token: String

    /// A new lease, not reserved yet.
    ///
    /// - Parameter fingerprint: of the request's payload.
    package init(_ key: IdempotencyKey, fingerprint: String) {
        self.key = key
        self.fingerprint = fingerprint
        token = String(UInt64.random(in: 0 ... .max), radix: 16)
    }
}

package enum Reservation: Sendable, Equatable {
    /// Proceed, then complete, release or expire.
    case reserved
    /// The same, after a request that stored this draft and did not finish. Its progress is unknown.
    case resumed(draft: [UInt8])
    /// Another request with this key and payload is being answered.
    case inFlight
    /// The stored response.
    case replay([UInt8])
    /// The key belongs to another payload.
    case mismatch
}
