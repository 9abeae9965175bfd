package import EventLoop

/// ``IdempotencyStore`` in memory.
@Loop
package final class MemoryIdempotencyStore: IdempotencyStore {
    private let state: MemoryState
    private let lifetimes: Lifetimes

    package init(_ state: MemoryState, _ lifetimes: Lifetimes = Lifetimes()) {
        self.state = state
        self.lifetimes = lifetimes
    }

    package func reserve(
        _ key: IdempotencyKey, fingerprint: String, draft: [UInt8]
    ) async throws(WorkflowStateError) -> Reservation {
        try state.check()
        let name = Keys.idempotency(key)
        let lease = IdempotencyLease(key, fingerprint: fingerprint)
        let until = state.now() + lifetimes.lease.nanoseconds / 1000
        guard var held = state.answer(name) else {
            let answer = MemoryState.Answer(
                fingerprint: fingerprint, token: lease.token, leaseUntil: until, draft: draft)
            state.set(name, answer, for: lifetimes.response)
            return .reserved(lease)
        }
        guard held.fingerprint == fingerprint else { return .mismatch }
        if let response = held.response { return .replay(response) }
        if held.leaseUntil > state.now() { return .inFlight }
        (held.token, held.leaseUntil) = (lease.token, until)
        state.set(name, held, for: lifetimes.response)
        return .resumed(lease, draft: held.draft)
    }

    package func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError)
        -> Bool
    {
        try state.check()
        let name = Keys.idempotency(lease.key)
        if let held = state.answer(name), held.token != lease.token { return false }
        let answer = MemoryState.Answer(
            fingerprint: lease.fingerprint, token: lease.token, response: response)
        state.set(name, answer, for: lifetimes.response)
        return true
    }

    package func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try state.check()
        let name = Keys.idempotency(lease.key)
        guard let held = state.answer(name), held.token == lease.token, held.response == nil else { return }
        state.set(name, nil, for: .zero)
    }
}
