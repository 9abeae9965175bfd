import EventLoop
import Messaging
import Orders
import WorkflowState

/// Takes the news of orders from a queue to their owners' mailboxes. A message is acked when its update is in
/// the mailbox; delivered again, it is found there.
@Loop
final class NewsHandler: EventHandler {
    private let notify: NotifyUsers

    init(_ notify: NotifyUsers) { self.notify = notify }

    func handle(_ batch: [Received<OrderNews>]) async throws -> [Verdict] {
        do throws(WorkflowStateError) {
            let found = try await notify.deliver(batch.map { $0.event.update(in: $0.envelope) })
            // A missing owner must not hold up the neighbours.
            return found.map { $0 ? .done : .later }
        } catch {
            throw Self.failure(error)
        }
    }

    func decide(_ received: Received<OrderNews>) async throws -> Verdict {
        do throws(WorkflowStateError) {
            let isFound = try await notify.deliverLate(received.event.update(in: received.envelope))
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
