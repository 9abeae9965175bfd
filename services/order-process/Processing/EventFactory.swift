import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders

/// Makes the events of the log, and what is published of them.
@Loop
final class EventFactory {
    private var identifiers = MessageIdentifiers()
    private let clock: @Loop () -> Int64

    /// - Parameter clock: milliseconds since 1970.
    init(clock: @escaping @Loop () -> Int64 = { WallClock.milliseconds() }) { self.clock = clock }

    func now() -> Timestamp { Timestamp(milliseconds: clock()) }

    func record(_ job: Job, currency: Currency) throws(HandlingError) -> OrderRecord {
        let now = now()
        let outcome =
            job.status == .cancelled
            ? log(
                OrderCancelled(
                    correlationID: job.event.correlationID, orderID: job.event.orderID, cancelledAt: now),
                in: job.scope, at: now)
            : log(
                OrderProcessed(
                    correlationID: job.event.correlationID, orderID: job.event.orderID, processedAt: now),
                in: job.scope, at: now)
        return try make(
            OrderRecord(
                job.event, job.status, currency: currency,
                acceptance: acceptance(of: job.event, in: job.scope),
                outcome: outcome, isReplay: job.isReplay))
    }

    func failure(of event: OrderAccepted, in scope: MessageScope, reason: String)
        throws(HandlingError) -> OrderRecord
    {
        let failure = OrderFailed(correlationID: event.correlationID, orderID: event.orderID, reason: reason)
        return try make(
            OrderRecord(
                event, .failed, currency: .euro, acceptance: acceptance(of: event, in: scope),
                outcome: log(failure, in: scope, at: now())))
    }

    private func make(_ record: OrderRecord?) throws(HandlingError) -> OrderRecord {
        guard let record else { throw HandlingError(.permanent, "The total is beyond what can be held.") }
        return record
    }

    /// The message that brought the order is its first event.
    private func acceptance(of event: OrderAccepted, in scope: MessageScope) -> LoggedEvent {
        LoggedEvent(
            .accepted, payload: event.encode(),
            metadata: EventMetadata(
                messageID: scope.causationID ?? identifiers.next(), correlationID: event.correlationID,
                traceparent: scope.trace?.traceparent),
            occurredAt: event.acceptedAt)
    }

    private func log(_ event: some OrderEvent, in scope: MessageScope, at time: Timestamp) -> LoggedEvent {
        LoggedEvent(
            type(of: event).type, payload: event.encode(),
            metadata: EventMetadata(
                messageID: identifiers.next(), correlationID: event.correlationID,
                causationID: scope.causationID, traceparent: scope.trace?.traceparent),
            occurredAt: time)
    }
}

extension EventPublisher {
    /// The message of a logged event: the same however often it is sent.
    func prepare(_ event: LoggedEvent) throws(MessagingError) -> OutboundMessage {
        let metadata = event.metadata
        return try prepare(
            event.type, body: event.payload,
            in: MessageScope(
                correlationID: metadata.correlationID.description, causationID: metadata.causationID,
                trace: metadata.traceparent.flatMap { TraceContext(traceparent: $0) }),
            id: metadata.messageID)
    }
}
