import EventLoop
import Messaging
import Observability
import OrderRecords
import Orders
import WorkflowState

/// Delivers the outcomes of orders to their owners' mailboxes. A message is acked when its update is in the mailbox; a
/// redelivery is recognized there. An owner that Redis has forgotten is found in PostgreSQL.
@Loop
final class OutcomeHandler: EventHandler {
    /// Between look-ups of an owner that is not known yet: the order of a failure may have no record, and a replica of
    /// Redis may lag behind.
    static let retryDelays: [Duration] = [.milliseconds(100), .milliseconds(250), .milliseconds(500)]

    private let workflows: any WorkflowStore
    private let mailboxes: any MailboxStore
    private let owners: any OrderOwners
    private let metrics: NotificationMetrics

    init(
        workflows: any WorkflowStore, mailboxes: any MailboxStore, owners: any OrderOwners,
        metrics: NotificationMetrics
    ) {
        self.workflows = workflows
        self.mailboxes = mailboxes
        self.owners = owners
        self.metrics = metrics
    }

    func handle(_ batch: [Received<OrderOutcome>]) async throws -> [HandlingResult] {
        do throws(WorkflowStateError) {
            let delivered = try await deliver(batch.map { $0.event.update(in: $0.envelope) })
            // A missing owner must not delay the other messages.
            return delivered.map { $0 ? .done : .deferred }
        } catch {
            throw HandlingError(error)
        }
    }

    /// Looks an unknown owner up again, a few times within a second, in Redis and in PostgreSQL.
    func handleDeferred(_ received: Received<OrderOutcome>) async throws -> HandlingResult {
        let update = received.event.update(in: received.envelope)
        do {
            for delay in [.zero] + Self.retryDelays {
                do { try await Loop.sleep(for: delay) } catch { break }
                let recorded = try await owners.owners(of: [update.correlationID])
                if try await deliver([update], known: recorded)[0] { return .done }
            }
        } catch let error as WorkflowStateError {
            throw HandlingError(error)
        } catch {
            throw HandlingError(.transient, "The order's owner could not be looked up.")
        }
        metrics.unknownOwner.increment()
        return .failed(HandlingError(.transient, "The order's owner is not known."))
    }

    /// Two round trips to Redis, whatever the number of updates.
    ///
    /// - Parameter known: owners that Redis need not know.
    /// - Returns: for each update whether its owner is known; only then it is delivered.
    func deliver(
        _ updates: [StatusUpdate], known: [CorrelationID: UserID] = [:]
    ) async throws(WorkflowStateError) -> [Bool] {
        if updates.isEmpty { return [] }
        let owners = try await workflows.owners(of: updates.map(\.correlationID))
        var isKnown: [Bool] = []
        var deliveries: [MailboxDelivery] = []
        deliveries.reserveCapacity(updates.count)
        for (update, remembered) in zip(updates, owners) {
            let owner = remembered ?? known[update.correlationID]
            isKnown.append(owner != nil)
            if let owner { deliveries.append(MailboxDelivery(to: owner, update)) }
        }
        for offset in try await mailboxes.deliver(deliveries) {
            (offset == nil ? metrics.duplicates : metrics.delivered).increment()
        }
        return isKnown
    }
}

extension HandlingError {
    fileprivate init(_ error: WorkflowStateError) {
        self.init(
            error.code == .unavailable ? .unavailable : .transient,
            error.code == .unavailable ? "Redis is unavailable." : "Redis refused the update.")
    }
}
