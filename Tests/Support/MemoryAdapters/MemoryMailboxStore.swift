package import EventLoop
package import Orders
package import WorkflowState

/// ``MailboxStore`` in memory.
@Loop
package final class MemoryMailboxStore: MailboxStore {
    private let state: MemoryState
    private let retention: Retention

    package init(_ state: MemoryState, _ retention: Retention = Retention()) {
        self.state = state
        self.retention = retention
    }

    package func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [Int64?] {
        try state.check()
        return deliveries.map { deliver($0) }
    }

    private func deliver(_ delivery: MailboxDelivery) -> Int64? {
        let mark = WorkflowKeys.delivered(delivery.update)
        guard state.text(mark) == nil else { return nil }
        state.set(mark, [], for: retention.workflow)
        let key = WorkflowKeys.mailbox(delivery.user)
        let previous = state.mailbox(key).last?.offset ?? 0
        let offset = max(state.now(), previous + 1)
        let suffix = UpdateCodec.payloadSuffix(delivery.update)
        let entry = MemoryState.StoredEntry(offset: offset, suffix: suffix)
        state.append(entry, to: key, cap: retention.mailboxCap, for: retention.workflow)
        state.publish(
            UpdateCodec.channelMessage(previous: previous, offset: offset, suffix: suffix), to: delivery.user)
        return offset
    }

    package func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        try state.check()
        let epoch = currentEpoch
        return requests.map { request in
            let stored = state.mailbox(WorkflowKeys.mailbox(request.user))
            let facts = MailboxRecovery(
                first: stored.first?.offset, last: stored.last?.offset, count: stored.count,
                now: state.now(), cap: retention.mailboxCap, lifetime: retention.workflow)
            let entries = stored.filter { request.after.epoch == epoch && $0.offset > request.after.offset }
                .compactMap { UpdateCodec.entry(offset: $0.offset, suffix: $0.suffix) }
            return History(entries, after: request.after, epoch: epoch, facts)
        }
    }

    package func ends(of users: [UserID]) async throws(WorkflowStateError) -> [MailboxPosition] {
        try state.check()
        return users.map { user in
            let last = state.mailbox(WorkflowKeys.mailbox(user)).last?.offset
            return MailboxPosition(epoch: currentEpoch, offset: last ?? state.now() - 1)
        }
    }

    package func recordPrimary(_ server: String) async throws(WorkflowStateError) -> Bool {
        try state.check()
        guard state.primary != server else { return false }
        defer { state.primary = server }
        guard state.primary != nil else { return false }
        state.epoch = .random()
        return true
    }

    private var currentEpoch: Epoch {
        if state.epoch == nil { state.epoch = .random() }
        return state.epoch!
    }
}
