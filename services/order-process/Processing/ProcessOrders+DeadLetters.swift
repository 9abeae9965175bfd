import EventLoop
import JSON
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

extension ProcessOrders {
    /// Records the order as failed, publishes its event, and sets the status last: FAILED means that all of it is done.
    func deadLettered(_ deadLetter: DeadLetter<OrderAccepted>) async throws {
        try await HandlingError.mapping {
            guard let event = deadLetter.event else { return try await publishUnreadableFailure(deadLetter) }
            let record = try events.failure(
                of: event, body: deadLetter.body, in: deadLetter.context, reason: deadLetter.reason)
            let order = try await recordFailure(record)
            guard order.status == .failed else { return }
            try await publish([order])
            _ = try await workflow.advance([order.step(isReplay: false)])
            metrics.failed.increment()
        }
    }

    /// An order that PostgreSQL refuses is published as failed without a record.
    private func recordFailure(_ record: OrderRecord) async throws(OrderRecordsError) -> RecordedOrder {
        do throws(OrderRecordsError) {
            return try await store.record([record])[0] ?? RecordedOrder(new: record)
        } catch {
            guard error.code == .refused else { throw error }
            return RecordedOrder(new: record)
        }
    }

    /// Publishes the failure of an order that cannot be decoded, when its body still names order and customer.
    private func publishUnreadableFailure(_ deadLetter: DeadLetter<OrderAccepted>) async throws {
        guard let sender = UnreadableOrder(body: deadLetter.body.span),
            sender.correlationID.description == deadLetter.envelope.correlationID
        else { return }
        let failure = OrderFailed(
            correlationID: sender.correlationID, orderID: sender.orderID, reason: deadLetter.reason)
        try await publisher.publish(failure, in: deadLetter.context, within: Self.publishLimit)
        _ = try await workflow.advance([
            WorkflowStep(
                .failed, correlationID: sender.correlationID, orderID: sender.orderID, owner: sender.customer)
        ])
        metrics.failed.increment()
    }
}

/// The members of an invalid body that identify the order and its customer.
struct UnreadableOrder {
    let correlationID: CorrelationID
    let orderID: OrderID
    let customer: UserID?

    /// Nil when an id is missing or the body is not JSON.
    init?(body: Span<UInt8>) {
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var customer: UserID?
        do throws(JSONError) {
            try JSONReader.read(body) { (reader) throws(JSONError) in
                try reader.object { (reader, key) throws(JSONError) in
                    switch key {
                    case "correlationId":
                        correlationID = try reader.stringOrNil().flatMap { CorrelationID($0) }
                    case "orderId": orderID = try reader.intOrNil().flatMap { OrderID(Int64($0)) }
                    case "customerId": customer = try reader.stringOrNil().flatMap { UserID($0) }
                    default: try reader.skip()
                    }
                }
            }
        } catch {
            return nil
        }
        guard let correlationID, let orderID else { return nil }
        self.correlationID = correlationID
        self.orderID = orderID
        self.customer = customer
    }
}
