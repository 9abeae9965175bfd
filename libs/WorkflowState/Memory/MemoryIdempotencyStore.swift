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
        _ key: IdempotencyKey, fingerprint: String
    ) async throws(WorkflowStateError) -> Reservation {
        try state.check()
        let name = Keys.idempotency(key)
        if let held = state.answer(name) {
            guard held.fingerprint == fingerprint else { return .mismatch }
            return held.response.map { .replay($0) } ?? .inFlight
        }
        let lease = IdempotencyLease(key, fingerprint: fingerprint)
        state.set(
            name, MemoryState.Answer(fingerprint: fingerprint, token: lease.token), for: lifetimes.lease)
        return .reserved(lease)
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
