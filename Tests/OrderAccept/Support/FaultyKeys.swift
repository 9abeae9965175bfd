import EventLoop
import WorkflowState

/// An idempotency store of which single calls fail.
@Loop
final class FaultyKeys: IdempotencyStore {
    enum Call: Hashable { case reserve, complete, release, letGo }

    let memory: MemoryIdempotencyStore
    var faults: [Call: WorkflowStateError] = [:]
    /// Whether a call that fails is carried out all the same.
    var failsAfterwards = false
    /// Of every lease that was reserved.
    private(set) var leases: [IdempotencyLease] = []
    private(set) var calls: [Call] = []

    init(_ state: MemoryState) { memory = MemoryIdempotencyStore(state) }

    private func run<Answer>(
        _ call: Call, _ body: () async throws(WorkflowStateError) -> Answer
    ) async throws(WorkflowStateError) -> Answer {
        calls.append(call)
        guard let fault = faults[call] else { return try await body() }
        if failsAfterwards { _ = try await body() }
        throw fault
    }

    func reserve(_ lease: IdempotencyLease, draft: [UInt8]) async throws(WorkflowStateError) -> Reservation {
        leases.append(lease)
        return try await run(.reserve) { () throws(WorkflowStateError) in
            try await memory.reserve(lease, draft: draft)
        }
    }

    func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError) -> Bool {
        try await run(.complete) { () throws(WorkflowStateError) in
            try await memory.complete(lease, response: response)
        }
    }

    func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try await run(.release) { () throws(WorkflowStateError) in try await memory.release(lease) }
    }

    func letGo(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try await run(.letGo) { () throws(WorkflowStateError) in try await memory.letGo(lease) }
    }
}
