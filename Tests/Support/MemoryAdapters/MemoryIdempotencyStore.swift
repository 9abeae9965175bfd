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

    package func reserve(_ lease: IdempotencyLease) async throws(WorkflowStateError) -> Reservation {
        try state.check()
        let name = WorkflowKeys.plain.idempotency(lease.key)
        guard let held = state.response(name) else {
            let response = MemoryState.StoredResponse(fingerprint: lease.fingerprint, token: lease.token)
            state.set(name, response, for: retention.lease)
            return .reserved
        }
        guard held.fingerprint == lease.fingerprint else { return .mismatch }
        return held.response.map { .replay($0) } ?? .inFlight
    }

    package func complete(
        _ lease: IdempotencyLease, response: [UInt8]
    ) async throws(WorkflowStateError) {
        try state.check()
        let name = WorkflowKeys.plain.idempotency(lease.key)
        if let held = state.response(name), held.token != lease.token { return }
        let response = MemoryState.StoredResponse(
            fingerprint: lease.fingerprint, token: lease.token, response: response)
        state.set(name, response, for: retention.response)
    }

    package func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try state.check()
        let name = WorkflowKeys.plain.idempotency(lease.key)
        guard let held = state.response(name), held.token == lease.token, held.response == nil else { return }
        state.set(name, nil, for: .zero)
    }
}
