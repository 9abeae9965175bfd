import EventLoop
import Observability
import Orders
import WorkflowState

/// ``AcceptOrder`` behind an idempotency key: however often a client sends a request again, one order comes
/// of it, and the same answer.
///
/// Only a 201 is kept. After anything else the key is free again, so that a second attempt is one.
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
            let accepted = try await intake.accept(
                request, from: user, trace: trace, cause: cause, budget: budget)
            return Placement(accepted)
        }
        switch try await reserve(IdempotencyKey(user: user, key: key), request.fingerprint) {
        case .inFlight: throw .keyInFlight
        case .mismatch: throw .keyReused
        case .replay(let bytes):
            guard let answer = StoredAnswer(bytes) else { throw .state(.init(.unusable, isRetriable: false)) }
            return Placement(orderID: answer.orderID, document: answer.document, order: nil)
        case .reserved(let lease):
            return try await place(request, from: user, lease, trace, cause, budget)
        }
    }

    private func reserve(
        _ key: IdempotencyKey, _ fingerprint: String
    ) async throws(IntakeFailure) -> Reservation {
        do throws(WorkflowStateError) {
            return try await keys.reserve(key, fingerprint: fingerprint)
        } catch {
            throw .state(error)
        }
    }

    private func place(
        _ request: OrderRequest, from user: UserID, _ lease: IdempotencyLease, _ trace: TraceContext,
        _ cause: String, _ budget: IntakeBudget
    ) async throws(IntakeFailure) -> Placement {
        let accepted: AcceptedOrder
        do throws(IntakeFailure) {
            accepted = try await intake.accept(
                request, from: user, trace: trace, cause: cause, budget: budget)
        } catch {
            // Where that fails the lease runs out by itself.
            try? await keys.release(lease)
            throw error
        }
        let answer = StoredAnswer(orderID: accepted.order.id, document: accepted.document)
        // The order is accepted, whether this succeeds or not.
        _ = try? await keys.complete(lease, response: answer.bytes)
        return Placement(accepted)
    }
}

extension PlaceOrder.Placement {
    fileprivate init(_ accepted: AcceptedOrder) {
        self.init(orderID: accepted.order.id, document: accepted.document, order: accepted.order)
    }
}
