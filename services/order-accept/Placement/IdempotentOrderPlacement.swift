import EventLoop
import JOSE
import Observability
import Orders
import WorkflowState

/// ``AcceptOrder`` behind an idempotency key: repeated requests make one order and get the same response.
///
/// Redis remembers responses and requests in progress, and may forget them. Then a recorded order is found by its key;
/// one that is not recorded yet is accepted again, and both become one order where they are recorded.
@Loop
final class IdempotentOrderPlacement {
    private let acceptOrder: AcceptOrder
    private let keys: any IdempotencyStore
    private let queries: any OrderQueries
    private let lookupTime: Duration
    private let cleanup = DeferredCleanup()

    /// PostgreSQL has answered just before.
    private static let concurrentLookupTime = Duration.milliseconds(500)

    /// - Parameter lookupTime: how long PostgreSQL is asked for an earlier order with a key.
    init(
        _ acceptOrder: AcceptOrder, keys: any IdempotencyStore, queries: any OrderQueries,
        lookupTime: Duration = .milliseconds(150)
    ) {
        self.lookupTime = lookupTime
        self.acceptOrder = acceptOrder
        self.keys = keys
        self.queries = queries
    }

    struct Placement: Sendable {
        var orderID: OrderID
        /// The order as JSON.
        var document: [UInt8]
        /// Nil when an earlier response is repeated.
        var order: Order?
    }

    func place(
        _ request: OrderRequest, from user: UserID, key: String?, attempt: EdgeAttempt = EdgeAttempt(),
        trace: TraceContext, cause: String
    ) async throws(PlacementError) -> Placement {
        do throws(PlacementError) {
            guard let key else {
                do throws(PlacementError) {
                    return Placement(
                        try await acceptOrder.accept(
                            request, from: user, key: attempt.key, trace: trace, cause: cause))
                } catch {
                    guard case .keyTaken = error, let key = attempt.key else { throw error }
                    let lease = IdempotencyLease(
                        IdempotencyKey(user: user, key: key), fingerprint: request.fingerprint)
                    // By the other replica, which the edge asked as well: this request may be accepted.
                    return Placement(try await concurrent(lease, isInDoubt: true))
                }
            }
            return try await place(
                request, from: user, key, isRepeated: attempt.isRepeated, trace: trace, cause: cause)
        } catch {
            // What the other replica did is not known.
            throw attempt.isRepeated && error.isOfThisReplica ? .inDoubt : error
        }
    }

    private func place(
        _ request: OrderRequest, from user: UserID, _ key: String, isRepeated: Bool, trace: TraceContext,
        cause: String
    ) async throws(PlacementError) -> Placement {
        let lease = IdempotencyLease(
            IdempotencyKey(user: user, key: key), fingerprint: request.fingerprint)
        // Without an answer the key is not known to be used.
        switch try? await keys.reserve(lease) {
        case .inFlight:
            // Its replica may have died after the order was taken.
            if let response = try await earlier(lease) { return Placement(response) }
            // The edge gave that replica up. Should both accept the order, recording makes them one.
            guard isRepeated else { throw .requestInProgress }
        case .mismatch: throw .keyReused
        case .replay(let bytes):
            if let response = StoredResponse(bytes) { return Placement(response) }
        case .reserved, nil: break
        }
        do throws(PlacementError) {
            let accepted: AcceptedOrder
            if let earlier = try await earlier(lease) { return await repeated(earlier, lease) }
            do throws(PlacementError) {
                accepted = try await acceptOrder.accept(
                    request, from: user, key: key, trace: trace, cause: cause)
            } catch {
                guard case .keyTaken(let mayBePublished) = error else { throw error }
                return await repeated(try await concurrent(lease, isInDoubt: mayBePublished), lease)
            }
            try? await keys.complete(lease, response: StoredResponse(accepted).bytes)
            return Placement(accepted)
        } catch {
            await release(lease)
            throw error
        }
    }

    private func repeated(_ response: StoredResponse, _ lease: IdempotencyLease) async -> Placement {
        try? await keys.complete(lease, response: response.bytes)
        return Placement(response)
    }

    /// Also later, when Redis does not answer now.
    private func release(_ lease: IdempotencyLease) async {
        do throws(WorkflowStateError) { try await keys.release(lease) } catch {
            guard error.isRetriable else { return }
            cleanup.start { [keys] () throws(WorkflowStateError) in try await keys.release(lease) }
        }
    }

    /// The response of the order that took the key at the same time. A copy of this one that was published is recorded as
    /// its repetition, if the contents are the same.
    private func concurrent(
        _ lease: IdempotencyLease, isInDoubt: Bool
    ) async throws(PlacementError) -> StoredResponse {
        do throws(PlacementError) {
            if let earlier = try await earlier(lease, within: Self.concurrentLookupTime) { return earlier }
        } catch {
            throw isInDoubt ? .inDoubt : error
        }
        throw isInDoubt ? .inDoubt : .requestInProgress
    }

    /// The response of a recorded order with the key. Nil as well when PostgreSQL does not answer in time.
    private func earlier(
        _ lease: IdempotencyLease, within limit: Duration? = nil
    ) async throws(PlacementError) -> StoredResponse? {
        guard var order = try? await queries.order(placedWith: lease.key, within: limit ?? lookupTime) else {
            return nil
        }
        guard order.requestFingerprint == lease.fingerprint else { throw .keyReused }
        order.status = .accepted
        order.failure = nil
        return StoredResponse(AcceptedOrder(order))
    }
}

/// One request as the edge sends it, to one replica after the other.
struct EdgeAttempt: Sendable {
    /// What the attempts have in common. It is random, so that nothing need be looked up: should two get through,
    /// recording makes them one order.
    var key: String?
    /// Whether another replica got the request before.
    var isRepeated = false
}

extension IdempotentOrderPlacement.Placement {
    fileprivate init(_ accepted: AcceptedOrder) {
        self.init(orderID: accepted.order.id, document: accepted.document, order: accepted.order)
    }

    fileprivate init(_ response: StoredResponse) {
        self.init(orderID: response.orderID, document: response.document, order: nil)
    }
}

extension OrderRequest {
    /// A digest of the request's content; white space, member order and split lines do not matter.
    var fingerprint: String { Self.fingerprint(lines.map { ($0.productID, $0.quantity) }) }

    fileprivate static func fingerprint(_ lines: [(productID: ProductID, quantity: Int)]) -> String {
        var bytes = Array("POST /api/orders\n".utf8)
        for line in lines {
            bytes.append(contentsOf: line.productID.value.utf8)
            // A separator that neither a product id of the catalogue nor a number contains.
            bytes.append(0)
            bytes.append(contentsOf: "\(line.quantity)\n".utf8)
        }
        return Base64URL.encode(SHA256.digest(of: bytes))
    }
}

extension Order {
    /// That of the request that placed it.
    fileprivate var requestFingerprint: String {
        OrderRequest.fingerprint(lines.map { ($0.productID, $0.quantity) })
    }
}
