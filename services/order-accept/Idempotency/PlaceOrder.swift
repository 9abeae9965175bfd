import EventLoop
import Observability
import Orders
import WorkflowState

/// ``AcceptOrder`` behind an idempotency key: however often a client sends a request again, one order comes
/// of it, and the same answer.
///
/// Only a 201 is kept. After anything else the key is free again, so that a second attempt is one. Should the
/// process die in between, whoever gets the key next goes on with the same draft.
@Loop
final class PlaceOrder {
    private let intake: AcceptOrder
    private let keys: any IdempotencyStore

    init(_ intake: AcceptOrder, keys: any IdempotencyStore) {
        self.intake = intake
        self.keys = keys
    }

    struct Placement: Sendable {
        var orderID: OrderID
        /// The order as JSON.
        var document: [UInt8]
        /// Nil for a replay: nothing was done.
        var order: Order?
    }

    func place(
        _ request: OrderRequest, from user: UserID, key: String?, trace: TraceContext, cause: String,
        budget: IntakeBudget
    ) async throws(IntakeFailure) -> Placement {
        guard let key else {
            let draft = try intake.draft(request, from: user)
            try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
            return Placement(draft)
        }
        // A replay answers also when the draft would fail today.
        let draft = Result<AcceptedOrder, IntakeFailure> { () throws(IntakeFailure) in
            try intake.draft(request, from: user)
        }
        switch try await reserve(IdempotencyKey(user: user, key: key), request.fingerprint, draft) {
        case .inFlight: throw .keyInFlight
        case .mismatch: throw .keyReused
        case .replay(let bytes):
            guard let answer = StoredAnswer(bytes) else { throw .state(.init(.unusable, isRetriable: false)) }
            return Placement(orderID: answer.orderID, document: answer.document, order: nil)
        case .reserved(let lease):
            return try await finish(lease) { () throws(IntakeFailure) in
                let draft = try draft.get()
                try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
                return draft
            }
        case .resumed(let lease, let bytes):
            return try await finish(lease, isResumed: true) { () throws(IntakeFailure) in
                if let begun = StoredAnswer(bytes)?.draft(of: user),
                    try await intake.resume(begun, trace: trace, cause: cause, budget: budget)
                {
                    return begun
                }
                let draft = try draft.get()
                try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
                return draft
            }
        }
    }

    private func reserve(
        _ key: IdempotencyKey, _ fingerprint: String, _ draft: Result<AcceptedOrder, IntakeFailure>
    ) async throws(IntakeFailure) -> Reservation {
        do throws(WorkflowStateError) {
            let bytes = (try? draft.get()).map { StoredAnswer($0).bytes } ?? []
            return try await keys.reserve(key, fingerprint: fingerprint, draft: bytes)
        } catch {
            throw .state(error)
        }
    }

    private func finish(
        _ lease: IdempotencyLease, isResumed: Bool = false,
        _ accept: () async throws(IntakeFailure) -> AcceptedOrder
    ) async throws(IntakeFailure) -> Placement {
        let accepted: AcceptedOrder
        do throws(IntakeFailure) { accepted = try await accept() } catch {
            // Where that fails the lease runs out by itself. So it does where Redis could not say what had become of
            // an earlier draft: then the next one asks again.
            if isResumed, case .state = error { throw error }
            try? await keys.release(lease)
            throw error
        }
        // The order is accepted, whether this succeeds or not: whoever takes the key over finds that out.
        _ = try? await keys.complete(lease, response: StoredAnswer(accepted).bytes)
        return Placement(accepted)
    }
}

extension PlaceOrder.Placement {
    fileprivate init(_ accepted: AcceptedOrder) {
        self.init(orderID: accepted.order.id, document: accepted.document, order: accepted.order)
    }
}
