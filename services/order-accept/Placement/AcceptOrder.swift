import EventLoop
import JOSE
import Observability
import OrderEvents
import Orders
import WorkflowState

/// Takes an order in: prices it, gives it its ids, writes its keys to Redis, and announces it. It is
/// accepted when the broker has confirmed, and not before.
///
/// Redis first, then the broker, is a dual write. What a failure between them leaves is taken back:
///
/// | the broker … | then | answer |
/// | --- | --- | --- |
/// | has it not (away, blocked, returned, nacked) | the keys are removed | refused |
/// | may have it (timed out, connection lost) | the status becomes CANCELLED, so that an order whose client was told no is not carried out | refused |
/// | may have it, and the order has moved on since | it was published after all | accepted |
/// | may have it, and Redis is away as well | the status becomes CANCELLED later (``CompensationQueue``), if it can | not known |
///
/// Keys that cannot be removed because Redis is away expire.
@Loop
final class AcceptOrder {
    private let catalogue: any CatalogueSource
    private let identifiers: any OrderIDSource
    private let state: any WorkflowStore
    private let publisher: any OrderPublisher
    private let clock: @Loop () -> Timestamp
    private var correlationIDs = CorrelationIDGenerator()
    private var random = SecureRandom()

    init(
        catalogue: any CatalogueSource, identifiers: any OrderIDSource, state: any WorkflowStore,
        publisher: any OrderPublisher,
        clock: @escaping @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }
    ) {
        self.catalogue = catalogue
        self.identifiers = identifiers
        self.state = state
        self.publisher = publisher
        self.clock = clock
    }

    /// What would be accepted: priced and numbered, and nobody knows of it yet.
    func draft(_ request: OrderRequest, from user: UserID) throws(PlacementError) -> AcceptedOrder {
        AcceptedOrder(try number(try price(request), for: user))
    }

    /// Accepts a draft.
    ///
    /// - Parameters:
    ///   - cause: the id of the request.
    ///   - mayBeKnown: whether the broker may have it already.
    func accept(
        _ draft: AcceptedOrder, trace: TraceContext, cause: String, budget: PlacementBudget,
        mayBeKnown: Bool = false
    ) async throws(PlacementError) {
        do throws(WorkflowStateError) { try await record(draft) } catch {
            if mayBeKnown { throw Self.inDoubt }
            // Some of the keys may be there.
            if error.outcomeIsUnknown || error.code == .unusable { await withdraw(draft.order) }
            throw .state(error)
        }
        let announcement = Announcement(
            event: OrderAccepted(draft.order), messageID: newID(draft.order.createdAt), trace: trace,
            cause: cause)
        do throws(PublishFailure) {
            try await publish(announcement, until: budget.publishUntil, mayBeKnown: mayBeKnown)
        } catch {
            try await settle(draft.order, after: error)
        }
    }

    /// Goes on with a draft that somebody else may have accepted, in part or altogether, before they died.
    ///
    /// - Returns: false when it was cancelled since: it is not to be accepted any more.
    func resume(
        _ draft: AcceptedOrder, trace: TraceContext, cause: String, budget: PlacementBudget
    ) async throws(PlacementError) -> Bool {
        let workflow: Workflow?
        do throws(WorkflowStateError) {
            workflow = try await state.workflow(draft.order.correlationID)
        } catch {
            throw Self.inDoubt
        }
        switch workflow?.status.status {
        // Consumers know the order by its correlation id: announced twice, it is still one.
        case nil, .accepted?:
            try await accept(draft, trace: trace, cause: cause, budget: budget, mayBeKnown: true)
        case .cancelled?: return false
        case .processing?, .completed?, .failed?: break
        }
        return true
    }

    private func price(_ request: OrderRequest) throws(PlacementError) -> PricedLines {
        guard let catalogue = catalogue.current else { throw .noCatalogue }
        do throws(PricingError) { return try request.priced(by: catalogue) } catch {
            throw .pricing(error)
        }
    }

    private func number(_ priced: PricedLines, for user: UserID) throws(PlacementError) -> Order {
        guard let id = identifiers.next() else { throw .noIdentifiers }
        let now = clock()
        return Order(id: id, correlationID: newID(now), customer: user, acceptedAt: now, priced: priced)
    }

    private func newID(_ now: Timestamp) -> CorrelationID {
        correlationIDs.make(unixMilliseconds: now.milliseconds, random: random.next())
    }

    private func record(_ draft: AcceptedOrder) async throws(WorkflowStateError) {
        let order = draft.order
        try await state.accept(
            Acceptance(
                correlationID: order.correlationID, owner: order.customer, orderID: order.id,
                pending: draft.document))
    }

    /// Publishes, and again for as long as the broker may have it and there is time to make sure.
    private func publish(
        _ announcement: Announcement, until deadline: Instant, mayBeKnown: Bool
    ) async throws(PublishFailure) {
        var isUnknown = mayBeKnown
        while true {
            do throws(PublishFailure) {
                return try await publisher.publish(announcement, until: deadline)
            } catch {
                isUnknown = isUnknown || error.outcome == .unknown
                guard error.outcome == .unknown, Loop.now + Self.minimumRetryTime < deadline else {
                    throw PublishFailure(
                        outcome: isUnknown ? .unknown : .notPublished, reason: error.reason)
                }
            }
        }
    }

    private static let minimumRetryTime = Duration.milliseconds(100)

    /// Returns when the order is accepted after all.
    private func settle(_ order: Order, after failure: PublishFailure) async throws(PlacementError) {
        guard failure.outcome == .unknown else {
            await withdraw(order)
            throw .refused(reason: failure.reason)
        }
        let outcome: WorkflowOutcome?
        do throws(WorkflowStateError) { outcome = try await state.advance([.cancelling(order)]).first } catch
        {
            throw .inDoubt(reason: "rabbitmq_\(failure.reason)", uncancelled: order)
        }
        if outcome?.status.status == .cancelled { throw .outcomeUnknown(reason: failure.reason) }
    }

    /// Redis does not say what became of an earlier attempt.
    private static let inDoubt = PlacementError.inDoubt(reason: "redis", uncancelled: nil)

    private func withdraw(_ order: Order) async {
        _ = try? await state.withdraw(order.correlationID, order.id)
    }
}

extension WorkflowStep {
    /// Cancels an order, unless somebody works on it already.
    static func cancelling(_ order: Order) -> WorkflowStep {
        WorkflowStep(
            .cancelled, correlationID: order.correlationID, orderID: order.id, owner: order.customer)
    }
}

/// An order and its JSON, which is the answer as well as the pending snapshot.
struct AcceptedOrder: Sendable {
    let order: Order
    let document: [UInt8]

    init(_ order: Order) {
        self.order = order
        document = order.encode()
    }

    init(_ order: Order, document: [UInt8]) {
        self.order = order
        self.document = document
    }
}
