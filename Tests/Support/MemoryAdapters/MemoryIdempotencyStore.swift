package import EventLoop
internal import Redis
package import WorkflowState

/// ``IdempotencyStore`` in memory.
@Loop
package final class MemoryIdempotencyStore: IdempotencyStore {
    private let state: MemoryState
    private let retention: Retention

    package init(_ state: MemoryState, _ retention: Retention = Retention()) {
        self.state = state
        self.retention = retention
    }

    package func reserve(
        _ lease: IdempotencyLease, draft: [UInt8]
    ) async throws(WorkflowStateError) -> Reservation {
        try state.check()
        let name = WorkflowKeys.idempotency(lease.key)
        let until = state.now() + retention.lease.nanoseconds / 1000
        let isVoid = state.text(Self.void(lease)) != nil
        guard var held = state.response(name) else {
            if isVoid { return .inFlight }
            let response = MemoryState.StoredResponse(
                fingerprint: lease.fingerprint, token: lease.token, leaseUntil: until, draft: draft)
            state.set(name, response, for: retention.response)
            return .reserved
        }
        guard held.fingerprint == lease.fingerprint else { return .mismatch }
        if let response = held.response { return .replay(response) }
        if isVoid || held.leaseUntil > state.now() { return .inFlight }
        (held.token, held.leaseUntil) = (lease.token, until)
        state.set(name, held, for: retention.response)
        return .resumed(draft: held.draft)
    }

    package func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError)
        -> Bool
    {
        try state.check()
        let name = WorkflowKeys.idempotency(lease.key)
        if let held = state.response(name), held.token != lease.token { return false }
        let response = MemoryState.StoredResponse(
            fingerprint: lease.fingerprint, token: lease.token, response: response)
        state.set(name, response, for: retention.response)
        return true
    }

    package func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try state.check()
        let name = WorkflowKeys.idempotency(lease.key)
        guard let held = state.response(name), held.token == lease.token, held.response == nil else { return }
        state.set(name, nil, for: .zero)
    }

    package func expire(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try state.check()
        let name = WorkflowKeys.idempotency(lease.key)
        guard var held = state.response(name), held.token == lease.token else {
            return state.set(Self.void(lease), [1], for: retention.lease)
        }
        guard held.response == nil else { return }
        held.leaseUntil = 0
        state.set(name, held, for: retention.response)
    }

    private static func void(_ lease: IdempotencyLease) -> RedisKey { RedisKey("void:", lease.token) }
}
