package import EventLoop
package import Orders
internal import Redis
package import WorkflowState

/// ``WorkflowStore`` in memory, for tests and for running without servers.
@Loop
package final class MemoryWorkflowStore: WorkflowStore {
    private let state: MemoryState
    private let lifetime: Duration

    package init(_ state: MemoryState, _ retention: Retention = Retention()) {
        self.state = state
        lifetime = retention.workflow
    }

    package func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
        try state.check()
        set(WorkflowKeys.plain.number(acceptance.correlationID), acceptance.orderID.description)
        set(WorkflowKeys.plain.owner(acceptance.correlationID), acceptance.owner.value)
        if state.text(WorkflowKeys.plain.status(acceptance.correlationID)) == nil {
            set(WorkflowKeys.plain.status(acceptance.correlationID), OrderStatus.accepted.wireName)
        }
        state.set(WorkflowKeys.plainPending(acceptance.orderID), acceptance.pending, for: lifetime)
        state.queued.insert(acceptance.queued)
    }

    package func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError) {
        try state.check()
        state.remove(WorkflowKeys.plain.status(order.correlationID))
        state.remove(WorkflowKeys.plain.owner(order.correlationID))
        state.remove(WorkflowKeys.plain.number(order.correlationID))
        state.remove(WorkflowKeys.plainPending(order.orderID))
        state.queued.remove(order)
    }

    package func advance(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        try state.check()
        return steps.map { advance($0) }
    }

    private func advance(_ step: WorkflowStep) -> WorkflowOutcome {
        let id = step.correlationID
        var current = status(id)
        let transition = OrderStatus.transition(from: current?.status, to: step.status, cause: step.cause)
        if transition == .advance {
            current = WorkflowStatus(step.status, step.orderID)
            set(WorkflowKeys.plain.status(id), current!.text)
        } else {
            _ = state.extend(WorkflowKeys.plain.status(id), for: lifetime)
        }
        if !state.extend(WorkflowKeys.plain.owner(id), for: lifetime), let owner = step.owner {
            set(WorkflowKeys.plain.owner(id), owner.value)
        }
        if transition == .advance, let time = step.announcedAt, let user = step.owner ?? owner(id) {
            let update = StatusUpdate(
                correlationID: id, orderID: step.orderID, status: step.status, occurredAt: time)
            state.publish(UpdateCodec.frame(offset: nil, suffix: UpdateCodec.payloadSuffix(update)), to: user)
        }
        if step.isRecorded, let owner = step.owner {
            state.remove(WorkflowKeys.plainPending(step.orderID))
            state.queued.remove(QueuedOrder(owner: owner, orderID: step.orderID, correlationID: id))
        }
        return WorkflowOutcome(status: current, moved: transition == .advance)
    }

    package func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow? {
        try state.check()
        guard let status = status(id) else { return nil }
        let left = state.remaining(WorkflowKeys.plain.status(id)) ?? .zero
        return Workflow(
            status: status, orderID: text(WorkflowKeys.plain.number(id)).flatMap { OrderID($0) },
            owner: owner(id),
            age: max(.zero, lifetime - left))
    }

    package func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [RememberedOwner?] {
        try state.check()
        return ids.map { id in
            owner(id).map {
                RememberedOwner($0, hasStatus: status(id) != nil && status(id)?.status != .failed)
            }
        }
    }

    package func pending(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> [UInt8]? {
        try await pending(id)
    }

    /// Whoever's it is.
    package func pending(_ id: OrderID) async throws(WorkflowStateError) -> [UInt8]? {
        try state.check()
        return state.text(WorkflowKeys.plainPending(id))
    }

    package func pending(
        of user: UserID, limit: Int
    ) async throws(WorkflowStateError) -> [PendingOrderState] {
        try state.check()
        return sorted(state.queued.filter { $0.owner == user }).prefix(limit).compactMap { order in
            state.text(WorkflowKeys.plainPending(order.orderID)).map {
                PendingOrderState(contents: $0, status: status(order.correlationID))
            }
        }
    }

    package func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies] {
        try state.check()
        return orders.map { order in
            let status = status(order.correlationID)
            if status?.status.isFinal == true { return .settled }
            let isComplete =
                status != nil && owner(order.correlationID) != nil
                && state.text(WorkflowKeys.plain.number(order.correlationID)) != nil
                && state.text(WorkflowKeys.plainPending(order.orderID)) != nil && state.queued.contains(order)
            return isComplete ? .complete : .incomplete
        }
    }

    package func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError) {
        try state.check()
        if isCancelled {
            set(
                WorkflowKeys.plain.status(order.correlationID), WorkflowStatus(.cancelled, order.orderID).text
            )
        }
        state.remove(WorkflowKeys.plain.owner(order.correlationID))
        state.remove(WorkflowKeys.plainPending(order.orderID))
        state.queued.remove(order)
    }

    package func queued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> [QueuedOrder] {
        try state.check()
        return Array(
            sorted(state.queued).filter { order in
                last.map { WorkflowKeys.member($0) < WorkflowKeys.member(order) } ?? true
            }.prefix(limit))
    }

    package func renewQueued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> QueuedOrder? {
        let rest = try await queued(after: last, limit: limit)
        for order in rest {
            let status = status(order.correlationID)?.status
            let isPending = state.remaining(WorkflowKeys.plainPending(order.orderID)) != nil
            if isPending, status == .failed { continue }
            _ = state.extend(WorkflowKeys.plainPending(order.orderID), for: lifetime)
            for key in [WorkflowKeys.plain.owner, WorkflowKeys.plain.status, WorkflowKeys.plain.number] {
                _ = state.extend(key(order.correlationID), for: lifetime)
            }
            guard !isPending || status?.isFinal == true else { continue }
            state.remove(WorkflowKeys.plainPending(order.orderID))
            state.queued.remove(order)
        }
        return rest.count < limit ? nil : rest.last
    }

    private func sorted(_ orders: some Sequence<QueuedOrder>) -> [QueuedOrder] {
        orders.sorted { WorkflowKeys.member($0) < WorkflowKeys.member($1) }
    }

    private func set(_ key: RedisKey, _ text: String) { state.set(key, Array(text.utf8), for: lifetime) }

    private func text(_ key: RedisKey) -> String? {
        state.text(key).map { String(decoding: $0, as: UTF8.self) }
    }

    private func owner(_ id: CorrelationID) -> UserID? {
        text(WorkflowKeys.plain.owner(id)).flatMap { UserID($0) }
    }

    private func status(_ id: CorrelationID) -> WorkflowStatus? {
        text(WorkflowKeys.plain.status(id)).flatMap { WorkflowStatus(text: $0) }
    }
}
