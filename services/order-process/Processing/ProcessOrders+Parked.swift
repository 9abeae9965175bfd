import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

extension ProcessOrders {
    /// The order is recorded as failed, its event published, and only then its status set: FAILED says that
    /// all of this is done.
    func parked(_ envelope: Envelope, _ event: OrderAccepted?, reason: String) async throws {
        guard let event else { return }
        let scope = MessageScope(
            correlationID: envelope.correlationID, causationID: envelope.id.isEmpty ? nil : envelope.id,
            trace: envelope.trace)
        try await HandlingError.mapping {
            let record = try events.failure(of: event, in: scope, reason: reason)
            let order = try await recordFailure(record)
            guard order.status == .failed else { return }
            try await publish([order])
            _ = try await workflow.advance([order.step(isReplay: false)])
            meters.failed.increment()
        }
    }

    /// What the system of record refuses altogether is told of all the same.
    private func recordFailure(_ record: OrderRecord) async throws(OrderRecordsError) -> RecordedOrder {
        do throws(OrderRecordsError) {
            return try await store.record([record])[0] ?? RecordedOrder(new: record)
        } catch {
            guard error.code == .refused else { throw error }
            return RecordedOrder(new: record)
        }
    }
}
