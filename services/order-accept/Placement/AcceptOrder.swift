import EventLoop
import JOSE
import Messaging
import Observability
import OrderEvents
import Orders
import WorkflowState

/// Accepts an order: prices it, assigns its ids, writes its keys to Redis, and publishes `order.accepted`. The order is
/// accepted once the broker has confirmed.
///
/// Redis, then the broker, is a dual write. A failure between the two is compensated:
///
/// | publish | compensation | answer |
/// | --- | --- | --- |
/// | failed (unavailable, blocked, returned, nacked) | the keys are removed | refused |
/// | unknown (timed out, connection lost) | the status becomes CANCELLED, so that a refused order is not processed | refused |
/// | unknown, and the order is in processing | none: it was published | accepted |
/// | unknown, and Redis is unavailable | the status becomes CANCELLED later (``CompensationQueue``) | outcome unknown |
///
/// Keys that cannot be removed expire.
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

    /// A priced order with its ids, not recorded anywhere yet.
    func draft(_ request: OrderRequest, from user: UserID) throws(PlacementError) -> AcceptedOrder {
        AcceptedOrder(try number(try price(request), for: user))
    }

    /// Accepts a draft.
    ///
    /// - Parameters:
    ///   - cause: the id of the request.
    ///   - mayBeKnown: whether an earlier attempt may have published it.
    func accept(
        _ draft: AcceptedOrder, trace: TraceContext, cause: String, budget: PlacementBudget,
        mayBeKnown: Bool = false
    ) async throws(PlacementError) {
        do throws(WorkflowStateError) { try await record(draft) } catch {
            if mayBeKnown { throw Self.inDoubt }
            // Some of the keys may be written.
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

    /// Continues with a draft that another process may have accepted before it crashed.
    ///
    /// - Returns: false when the order was cancelled in the meantime.
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
        // Consumers are idempotent by correlation id, so that publishing twice makes one order.
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
            throw .inDoubt(reason: "rabbitmq", uncancelled: order)
        }
        if outcome?.status.status == .cancelled { throw .outcomeUnknown }
    }

    /// The state of an earlier attempt cannot be read from Redis.
    private static let inDoubt = PlacementError.inDoubt(reason: "redis", uncancelled: nil)

    private func withdraw(_ order: Order) async {
        _ = try? await state.withdraw(order.correlationID, order.id)
    }
}

extension WorkflowStep {
    /// Cancels an order that is not in processing yet.
    static func cancelling(_ order: Order) -> WorkflowStep {
        WorkflowStep(
            .cancelled, correlationID: order.correlationID, orderID: order.id, owner: order.customer)
    }
}

/// An order with its JSON, which is both the response's body and the pending snapshot.
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

/// The time for one order. Whichever server does not answer, the client has a response within about ``total``.
struct PlacementBudget {
    static let total = Duration.seconds(2)
    /// For one call to Redis, including the wait for a connection.
    static let state = Duration.milliseconds(600)

    /// The deadline for the broker's confirm; the rest of the time is for compensation.
    let publishUntil: Instant

    init(from start: Instant) {
        publishUntil = start + Self.total - Self.state
    }
}
