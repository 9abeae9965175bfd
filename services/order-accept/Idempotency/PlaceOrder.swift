import EventLoop
import Observability
import Orders
import WorkflowState

/// ``AcceptOrder`` behind an idempotency key: however often a client sends a request again, one order comes
/// of it, and the same answer.
///
/// Only a 201 is kept. After a refusal the key is free again, so that a second attempt is one. Where the process
/// died in between, or could not find out what had become of the order, whoever gets the key next goes on with
/// the same draft.
@Loop
final class PlaceOrder {
    private let intake: AcceptOrder
    private let keys: any IdempotencyStore
    private let looseEnds: LooseEnds

    init(_ intake: AcceptOrder, keys: any IdempotencyStore, looseEnds: LooseEnds) {
        self.intake = intake
        self.keys = keys
        self.looseEnds = looseEnds
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
            return try await watching(nil) { () throws(IntakeFailure) in
                let draft = try intake.draft(request, from: user)
                try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
                return Placement(draft)
            }
        }
        let lease = IdempotencyLease(
            IdempotencyKey(user: user, key: key), fingerprint: request.fingerprint)
        // A replay answers also when the draft would fail today.
        let draft = Result<AcceptedOrder, IntakeFailure> { () throws(IntakeFailure) in
            try intake.draft(request, from: user)
        }
        let reservation = try await reserve(lease, draft)
        switch reservation {
        case .inFlight: throw .keyInFlight
        case .mismatch: throw .keyReused
        case .replay(let bytes):
            guard let answer = StoredAnswer(bytes) else { throw .state(.init(.unusable, isRetriable: false)) }
            return Placement(orderID: answer.orderID, document: answer.document, order: nil)
        case .reserved, .resumed: break
        }
        let placement = try await finish(lease) { () throws(IntakeFailure) in
            guard case .resumed(let bytes) = reservation else {
                let draft = try draft.get()
                try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
                return draft
            }
            guard let begun = StoredAnswer(bytes)?.draft(of: user),
                try await intake.resume(begun, trace: trace, cause: cause, budget: budget)
            else { return nil }
            return begun
        }
        if let placement { return placement }
        // All over again, with a draft that is known to whoever comes next, should this process die of it.
        return try await place(request, from: user, key: key, trace: trace, cause: cause, budget: budget)
    }

    private func reserve(
        _ lease: IdempotencyLease, _ draft: Result<AcceptedOrder, IntakeFailure>
    ) async throws(IntakeFailure) -> Reservation {
        do throws(WorkflowStateError) {
            let bytes = (try? draft.get()).map { StoredAnswer($0).bytes } ?? []
            return try await keys.reserve(lease, draft: bytes)
        } catch {
            // It may be reserved, now or later, for a request that ends here.
            if error.outcomeIsUnknown { looseEnds.add(cancelling: nil, lettingGo: lease) }
            throw .state(error)
        }
    }

    /// - Parameter accept: nil when there is nothing to go on with.
    private func finish(
        _ lease: IdempotencyLease, _ accept: () async throws(IntakeFailure) -> AcceptedOrder?
    ) async throws(IntakeFailure) -> Placement? {
        try await watching(lease) { () throws(IntakeFailure) in
            let accepted: AcceptedOrder?
            do throws(IntakeFailure) { accepted = try await accept() } catch {
                // The draft stays where the order may be carried out.
                if case .inDoubt = error { throw error }
                try? await release(lease)
                throw error
            }
            guard let accepted else {
                try await release(lease)
                return nil
            }
            // The order is accepted, whether this succeeds or not: whoever takes the key over finds that out.
            do throws(WorkflowStateError) {
                _ = try await keys.complete(lease, response: StoredAnswer(accepted).bytes)
            } catch {
                looseEnds.add(cancelling: nil, lettingGo: lease)
            }
            return Placement(accepted)
        }
    }

    private func release(_ lease: IdempotencyLease) async throws(IntakeFailure) {
        do throws(WorkflowStateError) { try await keys.release(lease) } catch {
            looseEnds.add(cancelling: nil, lettingGo: lease)
            throw .state(error)
        }
    }

    /// What is in doubt is cleared up later.
    private func watching<Outcome>(
        _ lease: IdempotencyLease?, _ work: () async throws(IntakeFailure) -> Outcome
    ) async throws(IntakeFailure) -> Outcome {
        do throws(IntakeFailure) { return try await work() } catch {
            if case .inDoubt(_, let order) = error { looseEnds.add(cancelling: order, lettingGo: lease) }
            throw error
        }
    }
}

extension PlaceOrder.Placement {
    fileprivate init(_ accepted: AcceptedOrder) {
        self.init(orderID: accepted.order.id, document: accepted.document, order: accepted.order)
    }
}
