import EventLoop
import Messaging
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

/// Restores what has expired in Redis of a message's workflow: the owner, by whom the notifiers find the
/// user, and the status. PostgreSQL is authoritative; for an order that is not recorded, the message is.
@Loop
struct ReplayedWorkflowRestorer {
    enum Outcome: Equatable {
        /// Nothing was missing, or nothing is needed.
        case complete
        case restored
        case refused(DeadLetterOperations.ReplayRefusal)
    }

    private let workflow: any WorkflowStore
    private let store: PostgresOrderStore

    init(_ workflow: any WorkflowStore, _ store: PostgresOrderStore) {
        self.workflow = workflow
        self.store = store
    }

    func restore(
        _ message: DeadLetterQueue.Message, of queue: OrderTopology.WorkQueue
    ) async throws(CommandError) -> Outcome {
        // Without one there is no workflow; the consumer reports the problem.
        guard let id = CorrelationID(message.envelope.correlationID) else {
            return queue == .accepted ? .complete : .refused(.unknownOwner)
        }
        if let record = try await record(id) { return try await restore(message, of: queue, record) }
        guard queue == .accepted else {
            return try await known(id) ? .complete : .refused(.unknownOwner)
        }
        // A message that cannot be decoded now may be decodable by newer consumer code, which then restores.
        guard let order = try? OrderAccepted(decoding: message.body.span) else { return .complete }
        return try await advance(
            WorkflowStep(
                .accepted, correlationID: id, orderID: order.orderID, owner: order.customer, cause: .replay))
    }

    private func record(_ id: CorrelationID) async throws(CommandError) -> RecordedOrder? {
        do throws(OrderRecordsError) { return try await store.find([id]).first } catch {
            throw CommandError(error)
        }
    }

    private func restore(
        _ message: DeadLetterQueue.Message, of queue: OrderTopology.WorkQueue, _ record: RecordedOrder
    ) async throws(CommandError) -> Outcome {
        var status = record.status
        switch queue {
        // A failed order is in progress again, unless Redis still has its final status.
        case .accepted: if status == .failed { status = .accepted }
        case .processed, .failed:
            let type = OrderEventType(rawValue: message.envelope.type)
            guard type == nil || type == record.event.type else { return .refused(.outdated) }
        }
        return try await advance(
            WorkflowStep(
                status, correlationID: record.correlationID, orderID: record.orderID, owner: record.owner,
                cause: .replay, isPersisted: queue != .accepted))
    }

    private func advance(_ step: WorkflowStep) async throws(CommandError) -> Outcome {
        let isKnown = try await known(step.correlationID)
        do throws(WorkflowStateError) {
            let moved = try await workflow.advance([step]).first?.moved ?? false
            return moved || !isKnown ? .restored : .complete
        } catch {
            throw CommandError(error)
        }
    }

    /// Whether Redis has the owner.
    private func known(_ id: CorrelationID) async throws(CommandError) -> Bool {
        do throws(WorkflowStateError) {
            return try await workflow.owners(of: [id]).first.flatMap(\.self) != nil
        } catch {
            throw CommandError(error)
        }
    }
}

extension CommandError {
    init(_ error: WorkflowStateError) {
        self.init(.unavailable, "\(error)", remedy: "waybill status")
    }
}
