import EventLoop
import JOSE
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// Accepts an order: prices it, assigns its ids, writes its copies to Redis, and publishes `order.accepted`. The order is
/// accepted once the broker has confirmed.
///
/// When Redis does not answer, or the broker does not confirm, within a short time, PostgreSQL takes the order instead
/// (``OrderIntake``). It is harmless when both have it: they are recorded by correlation id. With PostgreSQL unavailable
/// there is more time for the broker. An order that nobody has taken for certain leaves nothing behind.
@Loop
final class AcceptOrder {
    private let catalogue: any CatalogueSource
    private let identifiers: any OrderIDSource
    private let state: any WorkflowStore
    private let publisher: EventPublisher
    private let intake: any OrderIntake
    private let recent: RecentOrders
    private let hedgeDelay: Duration
    private let metrics: PlacementMetrics?
    private let tracer: Tracer?
    private let clock: @Loop () -> Timestamp
    private var correlationIDs = CorrelationIDGenerator()
    private let random: @Loop () -> UInt64
    private var stateBudget = HedgeBudget()
    private var brokerBudget = HedgeBudget()
    private let cleanup = DeferredCleanup()
    private let unsettled = TaskTracker()

    private static let unsettledLimit = 1024
    private static let settlingTime = Duration.seconds(600)

    /// Whichever server does not answer, the client has a response within about this time.
    static let budget = Duration.seconds(2)

    /// - Parameters:
    ///   - hedgeDelay: how long Redis and the broker are waited for while PostgreSQL can take the order.
    ///   - random: for ids; OpenSSL's when nil, so that nobody can guess them.
    init(
        catalogue: any CatalogueSource, identifiers: any OrderIDSource, state: any WorkflowStore,
        publisher: EventPublisher, intake: any OrderIntake, recent: RecentOrders,
        hedgeDelay: Duration = .milliseconds(150),
        metrics: PlacementMetrics? = nil, tracer: Tracer? = nil,
        random: (@Loop () -> UInt64)? = nil,
        clock: @escaping @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }
    ) {
        self.catalogue = catalogue
        self.identifiers = identifiers
        self.state = state
        self.publisher = publisher
        self.intake = intake
        self.recent = recent
        self.hedgeDelay = hedgeDelay
        self.metrics = metrics
        self.tracer = tracer
        var secure = SecureRandom()
        self.random = random ?? { secure.next() }
        self.clock = clock
    }

    /// - Parameter cause: the id of the request.
    func accept(
        _ request: OrderRequest, from user: UserID, key: String? = nil, trace: TraceContext, cause: String
    ) async throws(PlacementError) -> AcceptedOrder {
        let span = AcceptanceSpan(tracer, trace.child(), request: cause)
        let end = Loop.now + Self.budget
        let draft = AcceptedOrder(try number(try await price(request), for: user), key: key)
        let message = try message(of: draft, trace: span.trace, cause: cause)
        do throws(PlacementError) {
            let way = try await take(draft, message, until: end)
            span.end(draft.order, way)
            return draft
        } catch {
            span.end(draft.order, error)
            throw error
        }
    }

    /// - Returns: who took it.
    private func take(
        _ draft: AcceptedOrder, _ message: OutboundMessage, until end: Instant
    ) async throws(PlacementError) -> AcceptanceSpan.Way {
        let copies = await copy(draft)
        let isCopied = copies == .written
        var isOutcomeUnknown = false
        if isCopied, brokerBudget.admit() || !intake.isAvailable {
            let limit = intake.isAvailable ? hedgeDelay : Loop.now.duration(to: end)
            guard let error = await publish(message, within: limit) else { return remembered(draft, .broker) }
            isOutcomeUnknown = error.isOutcomeUnknown
            if isOutcomeUnknown { brokerBudget.spend() }
        }
        do throws(OrderIntakeError) {
            try await intake.take(IntakeOrder(draft, message))
            metrics?.taken()
            return remembered(draft, .intake)
        } catch {
            if error == .keyTaken {
                if !isOutcomeUnknown { withdraw(draft.order) }
                throw .keyTaken(mayBePublished: isOutcomeUnknown)
            }
            isOutcomeUnknown = isOutcomeUnknown || error.isOutcomeUnknown
        }
        if isCopied {
            guard let error = await publish(message, within: Loop.now.duration(to: end)) else {
                return remembered(draft, .broker)
            }
            isOutcomeUnknown = isOutcomeUnknown || error.isOutcomeUnknown
        }
        if isOutcomeUnknown {
            if copies != .missing { settle(draft, message) }
            throw .inDoubt
        }
        withdraw(draft.order)
        throw .refused
    }

    /// What nobody is known to have taken is sent again until somebody has, since its copies are listed as an order.
    private func settle(_ draft: AcceptedOrder, _ message: OutboundMessage) {
        guard unsettled.count < Self.unsettledLimit else { return }
        unsettled.start { [self] in
            let backoff = Backoff(base: .milliseconds(500), cap: .seconds(10))
            await Loop.retry(backoff, until: Loop.now + Self.settlingTime) { _ in
                await settled(draft, message)
            }
        }
    }

    private func settled(_ draft: AcceptedOrder, _ message: OutboundMessage) async -> Bool {
        if await publish(message, within: Self.budget) == nil {
            recent.add(draft.acceptance)
            return true
        }
        do throws(OrderIntakeError) {
            try await intake.take(IntakeOrder(draft, message))
            recent.add(draft.acceptance)
            return true
        } catch {
            guard error == .keyTaken else { return false }
            // Another attempt has become the order: should the broker have this one, it is that one's repetition.
            withdraw(draft.order)
            return true
        }
    }

    /// A product that is not known may be new.
    private func price(_ request: OrderRequest) async throws(PlacementError) -> PricedLines {
        guard let known = catalogue.current else { throw .noCatalogue }
        do throws(PricingError) { return try request.priced(by: known) } catch {
            guard case .unknownProducts = error, await catalogue.refresh(within: hedgeDelay),
                let newer = catalogue.current
            else { throw .pricing(error) }
            do throws(PricingError) { return try request.priced(by: newer) } catch { throw .pricing(error) }
        }
    }

    private func number(_ priced: PricedLines, for user: UserID) throws(PlacementError) -> Order {
        guard let id = identifiers.next() else { throw .noIdentifiers }
        let now = clock()
        let correlationID = correlationIDs.make(
            unixMilliseconds: now.milliseconds, random: random())
        return Order(id: id, correlationID: correlationID, customer: user, acceptedAt: now, priced: priced)
    }

    private func message(
        of draft: AcceptedOrder, trace: TraceContext, cause: String
    ) throws(PlacementError) -> OutboundMessage {
        let context = MessageContext(
            correlationID: draft.order.correlationID.description, causationID: cause, trace: trace)
        do throws(MessagingError) {
            return try publisher.prepare(OrderAccepted(draft.order, idempotencyKey: draft.key), in: context)
        } catch {
            throw .refused
        }
    }

    private enum Copies { case written, unknown, missing }

    /// - Returns: whether the copies are in Redis.
    private func copy(_ draft: AcceptedOrder) async -> Copies {
        guard stateBudget.admit() || !intake.isAvailable else { return .missing }
        do throws(WorkflowStateError) {
            try await state.accept(draft.acceptance)
            return .written
        } catch {
            guard error.outcomeIsUnknown else { return .missing }
            stateBudget.spend()
            return .unknown
        }
    }

    private func remembered(_ order: AcceptedOrder, _ way: AcceptanceSpan.Way) -> AcceptanceSpan.Way {
        recent.add(order.acceptance)
        return way
    }

    /// - Returns: nil when it is confirmed.
    private func publish(_ message: OutboundMessage, within limit: Duration) async -> MessagingError? {
        do throws(MessagingError) {
            try await publisher.publish(message, within: limit)
            return nil
        } catch {
            return error
        }
    }

    /// Removes the copies of a refused order, some of which may have been written.
    private func withdraw(_ order: Order) {
        let queued = QueuedOrder(
            owner: order.customer, orderID: order.id, correlationID: order.correlationID)
        cleanup.start { [state] () throws(WorkflowStateError) in try await state.withdraw(queued) }
    }
}

/// An accepted order with its JSON, the body of the response.
struct AcceptedOrder: Sendable {
    let order: Order
    /// The idempotency key.
    let key: String?
    let document: [UInt8]

    init(_ order: Order, key: String? = nil) {
        self.order = order
        self.key = key
        document = order.encode()
        acceptance = Acceptance(
            correlationID: order.correlationID, owner: order.customer, orderID: order.id,
            pending: key == nil ? document : order.encode(idempotencyKey: key))
    }

    /// The copy in Redis.
    let acceptance: Acceptance
}

extension IntakeOrder {
    init(_ accepted: AcceptedOrder, _ message: OutboundMessage) {
        let envelope = message.envelope
        self.init(
            correlationID: accepted.order.correlationID, orderID: accepted.order.id,
            customer: accepted.order.customer, idempotencyKey: accepted.key, payload: message.body,
            metadata: EventMetadata(
                messageID: envelope.id, correlationID: accepted.order.correlationID,
                causationID: envelope.causationID, traceparent: envelope.trace?.traceparent))
    }
}
