package import EventLoop
package import Orders

/// Remembers the response to each `Idempotency-Key`, per user, so that a repeated request is answered without work. What
/// it forgets, PostgreSQL decides.
@Loop
package protocol IdempotencyStore: AnyObject {
    /// Claims a key for a request, atomically.
    ///
    /// - Parameter lease: a new one. Its fingerprint applies: another payload under the same key is refused.
    func reserve(_ lease: IdempotencyLease) async throws(WorkflowStateError) -> Reservation

    /// Stores the response, unless another request holds the key.
    func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError)

    /// Releases the key after a failure, so that the client's retry is not refused as in flight.
    func release(_ lease: IdempotencyLease) async throws(WorkflowStateError)
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

/// The right to answer a key. It expires, so that a crash does not block the key.
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
        token = String(LoopRandom.next(), radix: 16)
    }
}

package enum Reservation: Sendable, Equatable {
    /// Proceed, then complete or release.
    case reserved
    /// Another request with this key and payload is being answered.
    case inFlight
    /// The stored response.
    case replay([UInt8])
    /// The key belongs to another payload.
    case mismatch
}
