import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders

/// Builds the records of orders with their events.
@Loop
final class EventFactory {
    private var identifiers = MessageIdentifiers()
    private let clock: @Loop () -> Int64

    /// - Parameter clock: milliseconds since 1970.
    init(clock: @escaping @Loop () -> Int64 = { WallClock.milliseconds() }) { self.clock = clock }

    func now() -> Timestamp { Timestamp(milliseconds: clock()) }

    func record(_ item: BatchItem, currency: Currency) throws(HandlingError) -> OrderRecord {
        let now = now()
        let outcome = OrderProcessed(
            correlationID: item.event.correlationID, orderID: item.event.orderID, processedAt: now)
        return try make(
            OrderRecord(
                item.event, .completed, currency: currency,
                acceptance: acceptance(of: item.event, body: item.body, in: item.context),
                outcome: log(outcome, in: item.context, at: now), isReplay: item.isReplay))
    }

    /// - Parameter body: of the message with `event`.
    func failure(
        of event: OrderAccepted, body: [UInt8], in context: MessageContext, reason: String,
        code: OrderFailureCode
    ) throws(HandlingError) -> OrderRecord {
        let failure = OrderFailed(correlationID: event.correlationID, orderID: event.orderID, reason: reason)
        return try make(
            OrderRecord(
                event, .failed, currency: event.currency ?? .euro,
                acceptance: acceptance(of: event, body: body, in: context),
                outcome: log(failure, in: context, at: now()), failureCode: code))
    }

    private func make(_ record: OrderRecord?) throws(HandlingError) -> OrderRecord {
        guard let record else { throw HandlingError(.permanent, "The total is too large.") }
        return record
    }

    /// The received message is the order's first event; its body is logged byte for byte.
    private func acceptance(of event: OrderAccepted, body: [UInt8], in context: MessageContext) -> LoggedEvent
    {
        LoggedEvent(
            .accepted, payload: body,
            metadata: EventMetadata(
                messageID: context.causationID ?? identifiers.next(), correlationID: event.correlationID,
                traceparent: context.trace?.traceparent),
            occurredAt: event.acceptedAt)
    }

    private func log(_ event: some OrderEvent, in context: MessageContext, at time: Timestamp) -> LoggedEvent
    {
        LoggedEvent(
            type(of: event).type, payload: event.encode(),
            metadata: EventMetadata(
                messageID: identifiers.next(at: time.milliseconds), correlationID: event.correlationID,
                causationID: context.causationID, traceparent: context.trace?.traceparent),
            occurredAt: time)
    }
}

extension LoggedEvent {
    /// The outcome's body with the ids of a request that repeated the order's idempotency key.
    func payload(for repetition: OrderAccepted) throws(EventError) -> [UInt8] {
        let (correlationID, orderID) = (repetition.correlationID, repetition.orderID)
        switch type {
        case .accepted: return payload
        case .processed:
            let event = try OrderProcessed(decoding: payload.span)
            return OrderProcessed(
                correlationID: correlationID, orderID: orderID, processedAt: event.processedAt
            ).encode()
        case .failed:
            let event = try OrderFailed(decoding: payload.span)
            return OrderFailed(correlationID: correlationID, orderID: orderID, reason: event.reason).encode()
        case .cancelled:
            let event = try OrderCancelled(decoding: payload.span)
            return OrderCancelled(
                correlationID: correlationID, orderID: orderID, cancelledAt: event.cancelledAt
            ).encode()
        }
    }
}

extension EventPublisher {
    /// The message of a logged event; every attempt has the same message id.
    func prepare(_ event: LoggedEvent) throws(MessagingError) -> OutboundMessage {
        let metadata = event.metadata
        return try prepare(
            event.type, body: event.payload,
            in: MessageContext(
                correlationID: metadata.correlationID.description, causationID: metadata.causationID,
                trace: metadata.traceparent.flatMap { TraceContext(traceparent: $0) }),
            id: metadata.messageID)
    }
}
