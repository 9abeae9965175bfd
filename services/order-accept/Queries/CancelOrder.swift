import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// Cancels or deletes an order. The order's row in PostgreSQL decides: of an order that is not recorded yet, the CANCELLED
/// row is written here, and order-process finds it.
@Loop
struct CancelOrder {
    let pending: PendingOrders
    let queries: any OrderQueries
    let publisher: EventPublisher
    var clock: @Loop () -> Timestamp = { Timestamp(milliseconds: WallClock.milliseconds()) }

    private static let publishLimit = Duration.milliseconds(500)

    /// Idempotent.
    func cancel(_ id: OrderID, of user: UserID, _ trace: TraceContext) async throws(OrderChangeError) -> Order
    {
        let found = try await find(id, of: user)
        var order = found.order
        guard !found.isRecorded else {
            guard order.status == .cancelled else { throw .notCancellable(order.status) }
            return order
        }
        let cancellation = try prepare(found, trace)
        if let recorded = try await write(cancellation, isDeletion: false) {
            guard recorded == .cancelled else { throw .notCancellable(recorded) }
        } else {
            await publish(cancellation)
        }
        order.status = .cancelled
        return order
    }

    /// Hides an order from its owner for good; the record is kept. An order that is not recorded yet is cancelled too.
    func delete(_ id: OrderID, of user: UserID, _ trace: TraceContext) async throws(OrderChangeError) {
        let found = try await find(id, of: user)
        let isCancelled: Bool
        if found.isRecorded {
            _ = try await changing { () throws(OrderQueryError) in try await queries.delete(id, of: user) }
            isCancelled = false
        } else {
            isCancelled = try await write(try prepare(found, trace), isDeletion: true) == nil
        }
        await forget(
            QueuedOrder(owner: user, orderID: id, correlationID: found.order.correlationID),
            isCancelled: isCancelled)
    }

    /// Asks PostgreSQL first, so that nothing is sent to one that does not answer: it might carry it out later.
    private func find(_ id: OrderID, of user: UserID) async throws(OrderChangeError) -> StoredOrder {
        if let order = try await stored(id, of: user) { return order }
        var outage: WorkflowStateError?
        do throws(WorkflowStateError) {
            if let order = try await pending.order(id, of: user)?.order { return order }
        } catch {
            outage = error
        }
        // It may have been recorded in between.
        if let order = try await stored(id, of: user) { return order }
        let forgotten = try await asking { () throws(OrderQueryError) in
            try await pending.forgotten(id, of: user, queries)
        }
        if let forgotten { return forgotten }
        guard let outage else { throw .notFound }
        // The order may be pending, which cannot be read, unless it is recorded: since the last question, or it is
        // deleted, or another user's.
        let recorded = try await asking { () throws(OrderQueryError) in try await queries.recorded([id]) }
        guard recorded.contains(id) else { throw .unavailable(reason: "\(outage)") }
        guard let order = try await stored(id, of: user) else { throw .notFound }
        return order
    }

    private func stored(_ id: OrderID, of user: UserID) async throws(OrderChangeError) -> StoredOrder? {
        try await asking { () throws(OrderQueryError) in try await queries.order(id, of: user) }
    }

    private func asking<Answer>(
        _ body: @Loop () async throws(OrderQueryError) -> Answer
    ) async throws(OrderChangeError) -> Answer {
        do throws(OrderQueryError) { return try await body() } catch {
            throw .unavailable(reason: error.reason)
        }
    }

    private func prepare(
        _ found: StoredOrder, _ trace: TraceContext
    ) throws(OrderChangeError) -> OrderCancellation {
        let (order, now) = (found.order, clock())
        let accepted = OrderAccepted(order, idempotencyKey: found.idempotencyKey)
        let cancelled = OrderCancelled(
            correlationID: order.correlationID, orderID: order.id, cancelledAt: now)
        let context = MessageContext(correlationID: order.correlationID.description, trace: trace)
        func logged(_ event: some OrderEvent, at time: Timestamp) throws(MessagingError) -> LoggedEvent {
            let message = try publisher.prepare(event, in: context)
            return LoggedEvent(
                type(of: event).type, payload: message.body,
                metadata: EventMetadata(
                    messageID: message.envelope.id, correlationID: order.correlationID,
                    traceparent: trace.traceparent),
                occurredAt: time)
        }
        do throws(MessagingError) {
            return OrderCancellation(
                order: order, idempotencyKey: found.idempotencyKey,
                acceptance: try logged(accepted, at: order.createdAt),
                cancellation: try logged(cancelled, at: now))
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }

    private func write(
        _ cancellation: OrderCancellation, isDeletion: Bool
    ) async throws(OrderChangeError) -> OrderStatus? {
        try await changing { () throws(OrderQueryError) in
            try await queries.cancel(cancellation, isDeletion: isDeletion)
        }
    }

    /// Ignores failures: the outbox relay publishes, and order-process moves the status.
    private func publish(_ cancellation: OrderCancellation) async {
        let (order, event) = (cancellation.order, cancellation.cancellation)
        _ = try? await pending.state.advance([
            WorkflowStep(
                .cancelled, correlationID: order.correlationID, orderID: order.id, owner: order.customer,
                isRecorded: true)
        ])
        let context = MessageContext(
            correlationID: order.correlationID.description,
            trace: event.metadata.traceparent.flatMap { TraceContext(traceparent: $0) })
        guard
            let message = try? publisher.prepare(
                event.type, body: event.payload, in: context, id: event.metadata.messageID)
        else { return }
        do {
            try await publisher.publish(message, within: Self.publishLimit)
            try await queries.markPublished(EventKey(order.id, version: OrderRecord.outcomeVersion))
        } catch {}
    }

    /// Ignores failures: PostgreSQL hides the order, and its copies expire.
    private func forget(_ order: QueuedOrder, isCancelled: Bool) async {
        pending.recent.remove(order.orderID)
        try? await pending.state.forget(order, isCancelled: isCancelled)
    }

    private func changing<Answer>(
        _ body: @Loop () async throws(OrderQueryError) -> Answer
    ) async throws(OrderChangeError) -> Answer {
        do throws(OrderQueryError) { return try await body() } catch {
            throw error.isOutcomeUnknown ? .inDoubt(reason: error.reason) : .unavailable(reason: error.reason)
        }
    }
}

/// Why an order was not changed.
enum OrderChangeError: Error, Hashable {
    /// No such order, or another user's.
    case notFound
    /// The order is recorded as completed or failed.
    case notCancellable(OrderStatus)
    /// The server that decides is unavailable; nothing was changed.
    case unavailable(reason: String)
    /// That server did not answer in time.
    case inDoubt(reason: String)
}
