package import EventLoop
package import Orders

/// Copies of orders in progress, for speed: owner, status, and contents until the order is recorded. The store may lose
/// any of it at any time; PostgreSQL decides.
@Loop
package protocol WorkflowStore: AnyObject {
    /// Writes number, owner, status ACCEPTED and the pending contents, in one round trip. An existing status
    /// is kept.
    func accept(_ acceptance: Acceptance) async throws(WorkflowStateError)

    /// Removes what `accept` wrote of a refused order.
    func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError)

    /// Moves each order's status forward, or leaves it (`OrderStatus.transition`); in one round trip. Renews
    /// the lifetimes, and writes an expired owner again.
    ///
    /// - Returns: one outcome per step, in order.
    func advance(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome]

    /// The state of a workflow; `nil` when it is unknown or expired.
    func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow?

    /// The owners of many orders, in one round trip; `nil` for unknown or expired ones.
    func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [RememberedOwner?]

    /// The contents of a user's order that is not recorded yet, as accepted. Of another user's order they may be found too.
    func pending(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> [UInt8]?

    /// The user's orders that are not recorded yet, at most `limit`.
    func pending(of user: UserID, limit: Int) async throws(WorkflowStateError) -> [PendingOrderState]

    /// How much there is of each order that may be queued.
    func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies]

    /// Removes a deleted order. The status stays, so that order-process and deliveries find it.
    ///
    /// - Parameter isCancelled: the deletion cancelled it: the status becomes CANCELLED, and the order is not announced.
    func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError)

    /// Orders that wait to be recorded, or whose copies were left behind, in the order of ``renewQueued(after:limit:)``.
    func queued(after last: QueuedOrder?, limit: Int) async throws(WorkflowStateError) -> [QueuedOrder]

    /// Renews the lifetimes of orders that wait to be recorded, so that they do not expire in a long queue, and removes what
    /// was left of recorded ones. A failed order is neither: where PostgreSQL refuses its record, its copies are all that
    /// tells of it, until they expire.
    ///
    /// - Parameter last: the result of the previous call; nil to begin.
    /// - Returns: nil at the end.
    func renewQueued(after last: QueuedOrder?, limit: Int) async throws(WorkflowStateError) -> QueuedOrder?
}

/// An accepted order in the index of those that are not recorded yet.
package struct QueuedOrder: Sendable, Hashable {
    package var owner: UserID
    package var orderID: OrderID
    package var correlationID: CorrelationID

    package init(owner: UserID, orderID: OrderID, correlationID: CorrelationID) {
        self.owner = owner
        self.orderID = orderID
        self.correlationID = correlationID
    }
}

package enum OrderCopies: Sendable, Hashable {
    /// Everything that an acceptance writes.
    case complete
    /// The store has lost some of it, or the order is recorded.
    case incomplete
    /// The order has its final status.
    case settled
}

package struct PendingOrderState: Sendable, Hashable {
    /// As accepted.
    package var contents: [UInt8]
    /// Nil when it has expired.
    package var status: WorkflowStatus?

    package init(contents: [UInt8], status: WorkflowStatus?) {
        self.contents = contents
        self.status = status
    }
}

/// An accepted order.
package struct Acceptance: Sendable {
    package var correlationID: CorrelationID
    package var owner: UserID
    package var orderID: OrderID
    /// The order's JSON, kept until it is persisted.
    package var pending: [UInt8]

    package init(correlationID: CorrelationID, owner: UserID, orderID: OrderID, pending: [UInt8]) {
        self.correlationID = correlationID
        self.owner = owner
        self.orderID = orderID
        self.pending = pending
    }

    package var queued: QueuedOrder {
        QueuedOrder(owner: owner, orderID: orderID, correlationID: correlationID)
    }
}

/// One order's step to a status.
package struct WorkflowStep: Sendable {
    package var correlationID: CorrelationID
    package var orderID: OrderID
    package var status: OrderStatus
    /// The recorded owner, written again when the key has expired; `nil` leaves it missing.
    package var owner: UserID?
    package var cause: OrderStatus.Cause
    /// Whether the order is recorded now, so that its pending contents are removed.
    package var isRecorded: Bool
    /// When set and the status changed, the owner's channel gets an ephemeral update: it has no offset, and
    /// is not stored.
    package var announcedAt: Timestamp?

    package init(
        _ status: OrderStatus, correlationID: CorrelationID, orderID: OrderID, owner: UserID?,
        cause: OrderStatus.Cause = .processing, isRecorded: Bool = false, announcedAt: Timestamp? = nil
    ) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.status = status
        self.owner = owner
        self.cause = cause
        self.isRecorded = isRecorded
        self.announcedAt = announcedAt
    }
}

/// An order's status after a step.
package struct WorkflowOutcome: Sendable, Equatable {
    /// Nil when it is unknown, and the step does not begin one.
    package var status: WorkflowStatus?
    /// Whether this step changed it.
    package var moved: Bool

    package init(status: WorkflowStatus?, moved: Bool) {
        self.status = status
        self.moved = moved
    }
}

package struct RememberedOwner: Sendable, Hashable {
    package var user: UserID
    /// Whether the order's status is known as well, and not FAILED, which a replay may change.
    package var hasStatus: Bool

    package init(_ user: UserID, hasStatus: Bool) {
        self.user = user
        self.hasStatus = hasStatus
    }
}

package struct Workflow: Sendable, Equatable {
    package var status: WorkflowStatus
    /// Set from the acceptance on; `nil` when it has expired before a status that does not carry it.
    package var orderID: OrderID?
    /// `nil` when the owner's key has expired before the status.
    package var owner: UserID?
    /// How long ago the status was last written or refreshed.
    package var age: Duration

    package init(status: WorkflowStatus, orderID: OrderID?, owner: UserID?, age: Duration) {
        self.status = status
        self.orderID = status.orderID ?? orderID
        self.owner = owner
        self.age = age
    }
}
