import EventLoop
import JSON
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

extension ProcessOrders {
    /// Records the order as failed, unless it is recorded already, and publishes its outcome. An order that cannot be
    /// decoded is recorded without lines, when its body still names its ids and its customer.
    func deadLettered(_ deadLetter: DeadLetter<OrderAccepted>) async throws {
        try await HandlingError.mapping {
            guard let event = deadLetter.event ?? OrderAccepted(unreadable: deadLetter) else { return }
            let code = deadLetter.code.flatMap { OrderFailureCode(rawValue: $0) }
            let record = try events.failure(
                of: event, body: deadLetter.body, in: deadLetter.context, reason: deadLetter.reason,
                code: code ?? (deadLetter.event == nil ? .invalidOrder : .processingFailed))
            guard let order = try await recordFailure(record) else {
                return try await publishFailure(of: event, deadLetter)
            }
            async let published: Void = publish([order])
            await advance([order.step(of: event, isReplay: false)])
            await published
            if order.isAliased { try await publish(order, to: event, in: deadLetter.context) }
            if order.status == .failed { metrics.failed.increment() }
        }
    }

    /// Nil when its ids belong to another order, or PostgreSQL refuses it: then its owner is told all the same.
    private func recordFailure(_ record: OrderRecord) async throws(OrderRecordsError) -> RecordedOrder? {
        let reason: String
        do throws(OrderRecordsError) {
            if let order = try await store.record([record])[0] { return order }
            reason = "its ids belong to another order"
        } catch {
            guard [.refused, .unknownProduct, .failed].contains(error.code) else { throw error }
            reason = error.description
        }
        log?.error(
            "order.failure_unrecorded", ["error": reason], cid: record.contents.correlationID.description)
        return nil
    }

    /// Publishes the failure of an order without a record.
    private func publishFailure(of order: OrderAccepted, _ deadLetter: DeadLetter<OrderAccepted>) async throws
    {
        let failure = OrderFailed(
            correlationID: order.correlationID, orderID: order.orderID, reason: deadLetter.reason)
        try await publisher.publish(failure, in: deadLetter.context, within: Self.publishLimit)
        await advance([
            WorkflowStep(
                .failed, correlationID: order.correlationID, orderID: order.orderID, owner: order.customer)
        ])
        metrics.failed.increment()
    }
}

extension OrderAccepted {
    /// The ids and the customer of an invalid body, without lines; nil when one is missing, the body is not JSON, or it
    /// is another order's.
    fileprivate init?(unreadable deadLetter: DeadLetter<OrderAccepted>) {
        var correlationID: CorrelationID?
        var orderID: OrderID?
        var customer: UserID?
        do throws(JSONError) {
            try JSONReader.read(deadLetter.body.span) { (reader) throws(JSONError) in
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
        guard let correlationID, let orderID, let customer,
            CorrelationID(deadLetter.envelope.correlationID) == correlationID
        else { return nil }
        self.init(
            correlationID: correlationID, orderID: orderID, customer: customer,
            acceptedAt: Timestamp(seconds: deadLetter.envelope.timestamp))
    }
}
