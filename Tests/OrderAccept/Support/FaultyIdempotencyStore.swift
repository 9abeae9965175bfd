import EventLoop
import MemoryAdapters
import WorkflowState

enum KeyCall: Hashable { case reserve, complete, release, expire }

final class FaultyIdempotencyStore: FaultyStore<KeyCall>, IdempotencyStore {
    let memory: MemoryIdempotencyStore
    /// Those that were to be reserved.
    private(set) var leases: [IdempotencyLease] = []

    init(_ state: MemoryState) { memory = MemoryIdempotencyStore(state) }

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

    func expire(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try await run(.expire) { () throws(WorkflowStateError) in try await memory.expire(lease) }
    }
}
