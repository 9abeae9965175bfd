import EventLoop
import MemoryAdapters
import WorkflowState

enum KeyCall: Hashable { case reserve, complete, release }

final class FaultyIdempotencyStore: FaultyStore<KeyCall>, IdempotencyStore {
    let memory: MemoryIdempotencyStore

    init(_ state: MemoryState) { memory = MemoryIdempotencyStore(state) }

    func reserve(_ lease: IdempotencyLease) async throws(WorkflowStateError) -> Reservation {
        try await run(.reserve) { () throws(WorkflowStateError) in try await memory.reserve(lease) }
    }

    func complete(_ lease: IdempotencyLease, response: [UInt8]) async throws(WorkflowStateError) {
        try await run(.complete) { () throws(WorkflowStateError) in
            try await memory.complete(lease, response: response)
        }
    }

    func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        try await run(.release) { () throws(WorkflowStateError) in try await memory.release(lease) }
    }
}
