import EventLoop
import Messaging
import Observability
import OrderRecords
import Orders
import WorkflowState

/// Delivers the outcomes of orders to their owners' mailboxes. A message is acked when its update is in the mailbox; a
/// redelivery is recognized there. Of an order that Redis has forgotten, PostgreSQL tells the owner and the outcome.
@Loop
final class OutcomeHandler: EventHandler {
    /// Between look-ups of an order that is not known yet.
    static let retryDelays: [Duration] = [.milliseconds(100), .milliseconds(250), .milliseconds(500)]

    private let workflows: any WorkflowStore
    private let mailboxes: any MailboxStore
    private let owners: any OrderOwners
    private let metrics: NotificationMetrics
    private let tracer: Tracer?

    init(
        workflows: any WorkflowStore, mailboxes: any MailboxStore, owners: any OrderOwners,
        metrics: NotificationMetrics, tracer: Tracer? = nil
    ) {
        self.tracer = tracer
        self.workflows = workflows
        self.mailboxes = mailboxes
        self.owners = owners
        self.metrics = metrics
    }

    func handle(_ batch: [Received<OrderOutcome>]) async throws -> [HandlingResult] {
        do throws(WorkflowStateError) {
            let outcomes = try await deliver(
                batch.map { received in
                    Delivery(
                        of: received.event.update(in: received.envelope), to: nil, received.context.trace,
                        tracer)
                })
            // What Redis has forgotten is looked up, which must not delay the other messages.
            return outcomes.map { $0 == .unknownOwner ? .deferred : .done }
        } catch {
            // Of several nodes one may be away: it must not delay the users of the others, nor the next messages.
            if mailboxes.isSharded, error.code == .unavailable {
                return batch.map { _ in .deferred }
            }
            throw HandlingError(error)
        }
    }

    /// Looks an order up that Redis has forgotten, a few times within a second: its failure may have no record, and a
    /// replica of Redis may lag behind.
    func handleDeferred(_ received: Received<OrderOutcome>) async throws -> HandlingResult {
        let update = received.event.update(in: received.envelope)
        do {
            for delay in [.zero] + Self.retryDelays {
                do { try await Loop.sleep(for: delay) } catch { break }
                if try await deliverForgotten(update, received.context.trace) { return .done }
            }
        } catch let error as WorkflowStateError {
            throw HandlingError(error)
        } catch {
            throw HandlingError(.transient, "The order could not be looked up.")
        }
        metrics.unknownOwner.increment()
        return .failed(HandlingError(.transient, "The order is not known."))
    }

    /// The broker may dead-letter an outcome that nobody has handled: it is delivered from there.
    func deadLettered(_ deadLetter: DeadLetter<OrderOutcome>) async throws {
        guard let event = deadLetter.event else { return }
        do {
            _ = try await deliverForgotten(event.update(in: deadLetter.envelope), deadLetter.context.trace)
        } catch let error as WorkflowStateError {
            throw HandlingError(error)
        } catch {
            throw HandlingError(.transient, "The order could not be looked up.")
        }
    }

    /// - Returns: whether the order is known.
    private func deliverForgotten(_ update: StatusUpdate, _ trace: TraceContext?) async throws -> Bool {
        if let recorded = try await owners.owners(of: [update.correlationID])[update.correlationID],
            let status = recorded.status
        {
            guard status == update.status else {
                // An earlier outcome, or one that was never recorded.
                metrics.outdated.increment()
                return true
            }
            try await deliver([Delivery(of: update, to: recorded.user, trace, tracer)])
            return true
        }
        guard let remembered = try await workflows.owners(of: [update.correlationID])[0],
            remembered.hasStatus || update.status == .failed
        else { return false }
        try await deliver([Delivery(of: update, to: remembered.user, trace, tracer)])
        return true
    }

    @discardableResult
    private func deliver(_ deliveries: [Delivery]) async throws(WorkflowStateError) -> [DeliveryOutcome] {
        let start = Instant.systemNow()
        let outcomes = try await mailboxes.deliver(deliveries.map(\.request))
        let end = Instant.systemNow()
        for (delivery, outcome) in zip(deliveries, outcomes) where outcome != .unknownOwner {
            (outcome == .duplicate ? metrics.duplicates : metrics.delivered).increment()
            if let span = delivery.span(from: start, to: end, outcome.offset) { tracer?.record(span) }
        }
        return outcomes
    }
}

/// An update on its way to a mailbox, with the span of the delivery.
@Loop
private struct Delivery {
    private static let operation = TracedOperation(
        "deliver update", .producer, [.init("db.system.name", .text("redis"))],
        keys: ["waybill.status", "waybill.mailbox.offset", "waybill.duplicate"])

    let request: MailboxDelivery
    private let trace: TraceContext?

    init(of update: StatusUpdate, to user: UserID?, _ parent: TraceContext?, _ tracer: Tracer?) {
        let trace = tracer == nil ? nil : parent?.child()
        let exported = trace.flatMap { tracer?.exports($0) == true ? $0 : nil }
        self.trace = trace
        request = MailboxDelivery(to: user, update, traceparent: exported?.traceparent)
    }

    func span(from start: Instant, to end: Instant, _ offset: Int64?) -> TraceSpan? {
        guard let trace else { return nil }
        return TraceSpan(
            Self.operation, trace, of: request.update.correlationID.uuid, from: start, to: end,
            .text(request.update.status.wireName), offset.map { .number(Int($0)) } ?? .none,
            offset == nil ? .number(1) : .none)
    }
}

extension HandlingError {
    fileprivate init(_ error: WorkflowStateError) {
        self.init(
            error.code == .unavailable ? .unavailable : .transient,
            error.code == .unavailable ? "Redis is unavailable." : "Redis refused the update.")
    }
}
