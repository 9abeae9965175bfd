import EventLoop
import JOSE
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
final class IdempotentOrderPlacement {
    private let intake: AcceptOrder
    private let keys: any IdempotencyStore
    private let compensations: CompensationQueue

    init(_ intake: AcceptOrder, keys: any IdempotencyStore, compensations: CompensationQueue) {
        self.intake = intake
        self.keys = keys
        self.compensations = compensations
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
        budget: PlacementBudget
    ) async throws(PlacementError) -> Placement {
        guard let key else {
            return try await compensatingDoubt(nil) { () throws(PlacementError) in
                let draft = try intake.draft(request, from: user)
                try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
                return Placement(draft)
            }
        }
        let lease = IdempotencyLease(
            IdempotencyKey(user: user, key: key), fingerprint: request.fingerprint)
        // A replay answers also when the draft would fail today.
        let draft = Result<AcceptedOrder, PlacementError> { () throws(PlacementError) in
            try intake.draft(request, from: user)
        }
        let reservation = try await reserve(lease, draft)
        switch reservation {
        case .inFlight: throw .requestInProgress
        case .mismatch: throw .keyReused
        case .replay(let bytes):
            guard let answer = StoredResponse(bytes) else {
                throw .state(.init(.unusable, isRetriable: false))
            }
            return Placement(orderID: answer.orderID, document: answer.document, order: nil)
        case .reserved, .resumed: break
        }
        let placement = try await finish(lease) { () throws(PlacementError) in
            guard case .resumed(let bytes) = reservation else {
                let draft = try draft.get()
                try await intake.accept(draft, trace: trace, cause: cause, budget: budget)
                return draft
            }
            guard let begun = StoredResponse(bytes)?.draft(of: user),
                try await intake.resume(begun, trace: trace, cause: cause, budget: budget)
            else { return nil }
            return begun
        }
        if let placement { return placement }
        // All over again, with a draft that is known to whoever comes next, should this process die of it.
        return try await place(request, from: user, key: key, trace: trace, cause: cause, budget: budget)
    }

    private func reserve(
        _ lease: IdempotencyLease, _ draft: Result<AcceptedOrder, PlacementError>
    ) async throws(PlacementError) -> Reservation {
        do throws(WorkflowStateError) {
            let bytes = (try? draft.get()).map { StoredResponse($0).bytes } ?? []
            return try await keys.reserve(lease, draft: bytes)
        } catch {
            // It may be reserved, now or later, for a request that ends here.
            if error.outcomeIsUnknown { compensations.add(cancelling: nil, releasing: lease) }
            throw .state(error)
        }
    }

    /// - Parameter accept: nil when there is nothing to go on with.
    private func finish(
        _ lease: IdempotencyLease, _ accept: () async throws(PlacementError) -> AcceptedOrder?
    ) async throws(PlacementError) -> Placement? {
        try await compensatingDoubt(lease) { () throws(PlacementError) in
            let accepted: AcceptedOrder?
            do throws(PlacementError) { accepted = try await accept() } catch {
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
                _ = try await keys.complete(lease, response: StoredResponse(accepted).bytes)
            } catch {
                compensations.add(cancelling: nil, releasing: lease)
            }
            return Placement(accepted)
        }
    }

    private func release(_ lease: IdempotencyLease) async throws(PlacementError) {
        do throws(WorkflowStateError) { try await keys.release(lease) } catch {
            compensations.add(cancelling: nil, releasing: lease)
            throw .state(error)
        }
    }

    /// What is in doubt is cleared up later.
    private func compensatingDoubt<Outcome>(
        _ lease: IdempotencyLease?, _ work: () async throws(PlacementError) -> Outcome
    ) async throws(PlacementError) -> Outcome {
        do throws(PlacementError) { return try await work() } catch {
            if case .inDoubt(_, let order) = error { compensations.add(cancelling: order, releasing: lease) }
            throw error
        }
    }
}

extension IdempotentOrderPlacement.Placement {
    fileprivate init(_ accepted: AcceptedOrder) {
        self.init(orderID: accepted.order.id, document: accepted.document, order: accepted.order)
    }
}

extension OrderRequest {
    /// Tells this request's content from others': white space, the order of members and how a quantity is
    /// split over lines do not matter.
    var fingerprint: String {
        var bytes = Array("POST /api/orders\n".utf8)
        for line in lines {
            bytes.append(contentsOf: line.productID.utf8)
            // No product id that is checked against the catalogue holds this byte, nor does a number.
            bytes.append(0)
            bytes.append(contentsOf: "\(line.quantity)\n".utf8)
        }
        return Base64URL.encode(SHA256.digest(of: bytes))
    }
}
