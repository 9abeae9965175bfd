import EventLoop
import JOSE
import Messaging
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
    private let publisher: EventPublisher
    private let clock: @Loop () -> Timestamp
    private var correlationIDs = CorrelationIDGenerator()
    private var random = SecureRandom()

    init(
        catalogue: any CatalogueSource, identifiers: any OrderIDSource, state: any WorkflowStore,
        publisher: EventPublisher,
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
        do throws(MessagingError) {
            let context = MessageContext(
                correlationID: draft.order.correlationID.description, causationID: cause, trace: trace)
            let message = try publisher.prepare(OrderAccepted(draft.order), in: context)
            try await publish(message, until: budget.publishUntil, mayBeKnown: mayBeKnown)
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

    /// Publishes, and repeats it while the outcome is unknown and there is time.
    private func publish(
        _ message: OutboundMessage, until deadline: Instant, mayBeKnown: Bool
    ) async throws(MessagingError) {
        var isUnknown = mayBeKnown
        while true {
            do throws(MessagingError) {
                return try await publisher.publish(message, within: Loop.now.duration(to: deadline))
            } catch {
                isUnknown = isUnknown || error.isOutcomeUnknown
                if error.isOutcomeUnknown, Loop.now + Self.minimumRetryTime < deadline { continue }
                throw isUnknown ? MessagingError(.unknownOutcome, error.detail) : error
            }
        }
    }

    private static let minimumRetryTime = Duration.milliseconds(100)

    /// Returns when the order is accepted after all.
    private func settle(_ order: Order, after error: MessagingError) async throws(PlacementError) {
        guard error.isOutcomeUnknown else {
            await withdraw(order)
            throw .refused(reason: error.code.rawValue)
        }
        let outcome: WorkflowOutcome?
        do throws(WorkflowStateError) { outcome = try await state.advance([.cancelling(order)]).first } catch
        {
            throw .inDoubt(reason: "rabbitmq_unknownOutcome", uncancelled: order)
        }
        if outcome?.status.status == .cancelled { throw .outcomeUnknown(reason: error.code.rawValue) }
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

/// How the time of one order is spent. Whatever stands still, the client has an answer within about
/// ``total``.
struct PlacementBudget {
    static let total = Duration.seconds(2)
    /// One call to Redis, the wait for a connection included.
    static let state = Duration.milliseconds(600)

    /// The broker must have confirmed by then; what follows is left to take back what was written.
    let publishUntil: Instant

    init(from start: Instant) {
        publishUntil = start + Self.total - Self.state
    }
}
