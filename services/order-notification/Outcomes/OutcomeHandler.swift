import EventLoop
import Messaging
import Orders
import WorkflowState

/// Takes the news of orders from a queue to their owners' mailboxes. A message is acked when its update is in
/// the mailbox; delivered again, it is found there.
@Loop
final class OutcomeHandler: EventHandler {
    private let delivery: OutcomeDelivery

    init(_ notify: OutcomeDelivery) { self.delivery = notify }

    func handle(_ batch: [Received<OrderOutcome>]) async throws -> [HandlingResult] {
        do throws(WorkflowStateError) {
            let found = try await delivery.deliver(batch.map { $0.event.update(in: $0.envelope) })
            // A missing owner must not hold up the neighbours.
            return found.map { $0 ? .done : .deferred }
        } catch {
            throw Self.failure(error)
        }
    }

    func handleDeferred(_ received: Received<OrderOutcome>) async throws -> HandlingResult {
        do throws(WorkflowStateError) {
            let isFound = try await delivery.retryDelivery(received.event.update(in: received.envelope))
            return isFound ? .done : .failed(HandlingError(.transient, "The order's owner is not known."))
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: WorkflowStateError) -> HandlingError {
        HandlingError(
            error.code == .unavailable ? .unavailable : .transient,
            error.code == .unavailable
                ? "The workflow state is away." : "The workflow state refused the update.")
    }
}
