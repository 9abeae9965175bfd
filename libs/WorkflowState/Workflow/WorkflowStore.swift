package import EventLoop
package import Orders

/// The services' shared state of an order in progress: its owner, its status, and its contents until it is
/// persisted. Everything expires.
@Loop
package protocol WorkflowStore: AnyObject {
    /// Writes number, owner, status ACCEPTED and the pending contents, in one round trip. An existing status
    /// is kept.
    func accept(_ acceptance: Acceptance) async throws(WorkflowStateError)

    /// Undoes an acceptance after a failed publish. Does nothing when the status has changed, since the event
    /// was then published after all.
    ///
    /// - Returns: whether the keys were removed.
    func withdraw(_ id: CorrelationID, _ orderID: OrderID) async throws(WorkflowStateError) -> Bool

    /// Moves each order's status forward, or leaves it (`OrderStatus.transition`); in one round trip. Renews
    /// the lifetimes, and writes an expired owner again.
    ///
    /// - Returns: one outcome per step, in order.
    func advance(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome]

    /// The state of a workflow; `nil` when it is unknown or expired.
    func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow?

    /// The owners of many orders, in one round trip; `nil` for unknown or expired ones.
    func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [UserID?]

    /// The contents of an order that is not persisted yet, as accepted.
    func pending(_ id: OrderID) async throws(WorkflowStateError) -> [UInt8]?

    func discardPending(_ ids: [OrderID]) async throws(WorkflowStateError)

    /// Renews the lifetime of number, owner and status, where they exist.
    func refresh(_ ids: [CorrelationID]) async throws(WorkflowStateError)
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
}

/// One order's step to a status.
package struct WorkflowStep: Sendable {
    package var correlationID: CorrelationID
    package var orderID: OrderID
    package var status: OrderStatus
    /// The recorded owner, written again when the key has expired; `nil` leaves it missing.
    package var owner: UserID?
    package var cause: OrderStatus.Cause
    /// Whether the order is persisted, so that its pending contents are removed.
    package var isPersisted: Bool
    /// When set and the status changed, the owner's channel gets an ephemeral update: it has no offset, and
    /// is not stored.
    package var announcedAt: Timestamp?

    package init(
        _ status: OrderStatus, correlationID: CorrelationID, orderID: OrderID, owner: UserID?,
        cause: OrderStatus.Cause = .processing, isPersisted: Bool = false, announcedAt: Timestamp? = nil
    ) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.status = status
        self.owner = owner
        self.cause = cause
        self.isPersisted = isPersisted
        self.announcedAt = announcedAt
    }
}

/// An order's status after a step.
package struct WorkflowOutcome: Sendable, Equatable {
    package var status: WorkflowStatus
    /// Whether this step changed it.
    package var moved: Bool

    package init(status: WorkflowStatus, moved: Bool) {
        self.status = status
        self.moved = moved
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
