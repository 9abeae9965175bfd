import EventLoop
import Observability
import Orders
import WorkflowState

/// Puts what happened to orders into their owners' mailboxes, and wakes the replicas that serve them.
@Loop
final class OutcomeDelivery {
    /// Between the looks for an owner who is not known yet: the mapping is written before the event is
    /// published, but perhaps by a primary that is not the one we read from any more.
    static let retryDelays: [Duration] = [.milliseconds(100), .milliseconds(250), .milliseconds(500)]

    private let workflows: any WorkflowStore
    private let mailboxes: any MailboxStore
    private let metrics: NotificationMetrics

    init(workflows: any WorkflowStore, mailboxes: any MailboxStore, metrics: NotificationMetrics) {
        self.workflows = workflows
        self.mailboxes = mailboxes
        self.metrics = metrics
    }

    /// Two round trips, however many updates there are.
    ///
    /// - Returns: for each update whether its owner was found; only then it is delivered.
    func deliver(_ updates: [StatusUpdate]) async throws(WorkflowStateError) -> [Bool] {
        if updates.isEmpty { return [] }
        let owners = try await workflows.owners(of: updates.map(\.correlationID))
        var deliveries: [MailboxDelivery] = []
        deliveries.reserveCapacity(updates.count)
        for (update, owner) in zip(updates, owners) {
            if let owner { deliveries.append(MailboxDelivery(to: owner, update)) }
        }
        for offset in try await mailboxes.deliver(deliveries) {
            (offset == nil ? metrics.duplicates : metrics.delivered).increment()
        }
        return owners.map { $0 != nil }
    }

    /// Looks again for an owner who was not known, a few times within a second.
    ///
    /// - Returns: whether it was found, and the update delivered.
    func retryDelivery(_ update: StatusUpdate) async throws(WorkflowStateError) -> Bool {
        for delay in Self.retryDelays {
            do { try await Loop.sleep(for: delay) } catch { return false }
            if try await deliver([update])[0] { return true }
        }
        metrics.unknownOwner.increment()
        return false
    }
}
