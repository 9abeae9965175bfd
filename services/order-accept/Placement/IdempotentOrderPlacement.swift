import EventLoop
import JOSE
import Observability
import Orders
import WorkflowState

/// ``AcceptOrder`` behind an idempotency key: repeated requests make one order and get the same response.
///
/// Only a 201 is stored. A refusal releases the key, so that the next request is a new attempt. After a crash, or when
/// the outcome is unknown, the next request with the key continues with the same draft.
@Loop
final class IdempotentOrderPlacement {
    private let acceptOrder: AcceptOrder
    private let keys: any IdempotencyStore
    private let compensations: CompensationQueue

    init(_ acceptOrder: AcceptOrder, keys: any IdempotencyStore, compensations: CompensationQueue) {
        self.acceptOrder = acceptOrder
        self.keys = keys
        self.compensations = compensations
    }

    struct Placement: Sendable {
        var orderID: OrderID
        /// The order as JSON.
        var document: [UInt8]
        /// Nil when a stored response is replayed.
        var order: Order?
    }

    func place(
        _ request: OrderRequest, from user: UserID, key: String?, trace: TraceContext, cause: String,
        budget: PlacementBudget
    ) async throws(PlacementError) -> Placement {
        guard let key else {
            return try await compensatingDoubt(nil) { () throws(PlacementError) in
                let draft = try acceptOrder.draft(request, from: user)
                try await acceptOrder.accept(draft, trace: trace, cause: cause, budget: budget)
                return Placement(draft)
            }
        }
        let lease = IdempotencyLease(
            IdempotencyKey(user: user, key: key), fingerprint: request.fingerprint)
        // A replay answers even when the draft would fail now.
        let draft = Result<AcceptedOrder, PlacementError> { () throws(PlacementError) in
            try acceptOrder.draft(request, from: user)
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
                try await acceptOrder.accept(draft, trace: trace, cause: cause, budget: budget)
                return draft
            }
            guard let begun = StoredResponse(bytes)?.draft(of: user),
                try await acceptOrder.resume(begun, trace: trace, cause: cause, budget: budget)
            else { return nil }
            return begun
        }
        if let placement { return placement }
        // Starts again with a draft of its own, which is stored for the next process in case of a crash.
        return try await place(request, from: user, key: key, trace: trace, cause: cause, budget: budget)
    }

    private func reserve(
        _ lease: IdempotencyLease, _ draft: Result<AcceptedOrder, PlacementError>
    ) async throws(PlacementError) -> Reservation {
        do throws(WorkflowStateError) {
            let bytes = (try? draft.get()).map { StoredResponse($0).bytes } ?? []
            return try await keys.reserve(lease, draft: bytes)
        } catch {
            // The key may be reserved, now or later, for this request, which fails.
            if error.outcomeIsUnknown { compensations.add(cancelling: nil, releasing: lease) }
            throw .state(error)
        }
    }

    /// - Parameter accept: returns nil when the draft was cancelled.
    private func finish(
        _ lease: IdempotencyLease, _ accept: () async throws(PlacementError) -> AcceptedOrder?
    ) async throws(PlacementError) -> Placement? {
        try await compensatingDoubt(lease) { () throws(PlacementError) in
            let accepted: AcceptedOrder?
            do throws(PlacementError) { accepted = try await accept() } catch {
                // The draft is kept while the order may be processed.
                if case .inDoubt = error { throw error }
                try? await release(lease)
                throw error
            }
            guard let accepted else {
                try await release(lease)
                return nil
            }
            // The order is accepted even if this fails: the next owner of the key finds it in Redis.
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

    /// Queues the compensation of an unknown outcome.
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
    /// A digest of the request's content; white space, member order and split lines do not matter.
    var fingerprint: String {
        var bytes = Array("POST /api/orders\n".utf8)
        for line in lines {
            bytes.append(contentsOf: line.productID.utf8)
            // A separator that neither a product id of the catalogue nor a number contains.
            bytes.append(0)
            bytes.append(contentsOf: "\(line.quantity)\n".utf8)
        }
        return Base64URL.encode(SHA256.digest(of: bytes))
    }
}
