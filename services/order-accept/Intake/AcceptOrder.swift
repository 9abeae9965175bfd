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
///
/// What cannot be taken back, because Redis is away as well, expires.
@Loop
final class AcceptOrder {
    private let catalogue: any CatalogueSource
    private let identifiers: any IdentifierSource
    private let state: any WorkflowStore
    private let publisher: any OrderPublisher
    private let clock: @Loop () -> Timestamp
    private var correlationIDs = CorrelationIDGenerator()
    private var random = SecureRandom()

    init(
        catalogue: any CatalogueSource, identifiers: any IdentifierSource, state: any WorkflowStore,
        publisher: any OrderPublisher,
        clock: @escaping @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }
    ) {
        self.catalogue = catalogue
        self.identifiers = identifiers
        self.state = state
        self.publisher = publisher
        self.clock = clock
    }

    /// - Parameter cause: the id of the request.
    func accept(
        _ request: OrderRequest, from user: UserID, trace: TraceContext, cause: String, budget: IntakeBudget
    ) async throws(IntakeFailure) -> AcceptedOrder {
        let accepted = AcceptedOrder(try number(try price(request), for: user))
        try await record(accepted)
        let announcement = Announcement(
            event: OrderAccepted(accepted.order), messageID: newID(accepted.order.createdAt), trace: trace,
            cause: cause)
        do throws(PublishFailure) {
            try await publish(announcement, until: budget.publishUntil)
            return accepted
        } catch {
            return try await settle(accepted, after: error)
        }
    }

    private func price(_ request: OrderRequest) throws(IntakeFailure) -> PricedLines {
        guard let catalogue = catalogue.current else { throw .noCatalogue }
        do throws(PricingFailure) { return try request.priced(by: catalogue) } catch {
            throw .pricing(error)
        }
    }

    private func number(_ priced: PricedLines, for user: UserID) throws(IntakeFailure) -> Order {
        guard let id = identifiers.next() else { throw .noIdentifiers }
        let now = clock()
        return Order(id: id, correlationID: newID(now), customer: user, acceptedAt: now, priced: priced)
    }

    private func newID(_ now: Timestamp) -> CorrelationID {
        correlationIDs.make(unixMilliseconds: now.milliseconds, random: random.next())
    }

    private func record(_ accepted: AcceptedOrder) async throws(IntakeFailure) {
        let order = accepted.order
        do throws(WorkflowStateError) {
            try await state.accept(
                Acceptance(
                    correlationID: order.correlationID, owner: order.customer, orderID: order.id,
                    pending: accepted.document))
        } catch {
            // Some of the keys may be there.
            if error.outcomeIsUnknown || error.code == .unusable { await withdraw(order) }
            throw .state(error)
        }
    }

    /// Publishes, and again for as long as the broker may have it and there is time to make sure.
    private func publish(_ announcement: Announcement, until deadline: Instant) async throws(PublishFailure) {
        var isUnknown = false
        while true {
            do throws(PublishFailure) {
                return try await publisher.publish(announcement, until: deadline)
            } catch {
                isUnknown = isUnknown || error.outcome == .unknown
                guard error.outcome == .unknown, Loop.now + Self.worthTrying < deadline else {
                    throw PublishFailure(
                        outcome: isUnknown ? .unknown : .notPublished, reason: error.reason)
                }
            }
        }
    }

    private static let worthTrying = Duration.milliseconds(100)

    private func settle(
        _ accepted: AcceptedOrder, after failure: PublishFailure
    ) async throws(IntakeFailure) -> AcceptedOrder {
        let order = accepted.order
        guard failure.outcome == .unknown else {
            await withdraw(order)
            throw .refused(reason: failure.reason)
        }
        let step = WorkflowStep(
            .cancelled, correlationID: order.correlationID, orderID: order.id, owner: order.customer)
        if let outcome = try? await state.advance([step]).first, outcome.status.status != .cancelled {
            return accepted
        }
        throw .outcomeUnknown(reason: failure.reason)
    }

    private func withdraw(_ order: Order) async {
        _ = try? await state.withdraw(order.correlationID, order.id)
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
}
