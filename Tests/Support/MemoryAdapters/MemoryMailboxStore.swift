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

    package func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError)
        -> [DeliveryOutcome]
    {
        try state.check()
        return deliveries.map { deliver($0) }
    }

    /// Nil when it is not known for certain.
    private func owner(_ id: CorrelationID, _ status: WorkflowStatus?) -> UserID? {
        guard let status, status.status != .failed else { return nil }
        return state.text(WorkflowKeys.plain.owner(id)).flatMap {
            UserID(String(decoding: $0, as: UTF8.self))
        }
    }

    private func deliver(_ delivery: MailboxDelivery) -> DeliveryOutcome {
        let mark = WorkflowKeys.plain.delivered(delivery.update, to: delivery.user)
        let (statusKey, update) = (WorkflowKeys.plain.status(delivery.update.correlationID), delivery.update)
        let current = state.text(statusKey).flatMap {
            WorkflowStatus(text: String(decoding: $0, as: UTF8.self))
        }
        guard let user = delivery.user ?? owner(update.correlationID, current) else { return .unknownOwner }
        // A replay reopens; the delivery does not know what caused the outcome.
        switch OrderStatus.transition(from: current?.status, to: update.status, cause: .replay) {
        case .refuse: return .duplicate
        case .advance:
            guard state.text(mark) == nil else { return .duplicate }
            let text = WorkflowStatus(update.status, update.orderID).text
            state.set(statusKey, Array(text.utf8), for: retention.workflow)
        case .unchanged: break
        }
        guard state.text(mark) == nil else { return .duplicate }
        state.set(mark, [], for: retention.mark)
        let key = WorkflowKeys.plain.mailbox(user)
        let previous = state.mailbox(key).last?.offset ?? 0
        let offset = max(state.now(), previous + 1)
        let suffix = UpdateCodec.payloadSuffix(delivery.update)
        let entry = MemoryState.StoredEntry(offset: offset, suffix: suffix)
        state.append(entry, to: key, cap: retention.mailboxCap, for: retention.workflow)
        state.publish(
            UpdateCodec.channelMessage(
                previous: previous, offset: offset, suffix: suffix, traceparent: delivery.traceparent),
            to: user)
        return .delivered(offset: offset)
    }

    package func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        try state.check()
        let epoch = currentEpoch
        return requests.map { request in
            let key = WorkflowKeys.plain.mailbox(request.user)
            if state.mailbox(key).isEmpty {
                let entry = MemoryState.StoredEntry(offset: state.now(), suffix: nil)
                state.append(entry, to: key, cap: retention.mailboxCap, for: retention.workflow)
            }
            state.renewMailbox(key, for: retention.workflow)
            let stored = state.mailbox(key)
            let isSameEpoch = request.after.epoch == epoch
            let entries = stored.filter { $0.offset > request.after.offset }
                .compactMap { entry in
                    entry.suffix.flatMap { UpdateCodec.entry(offset: entry.offset, suffix: $0) }
                }
            return History(
                entries: entries,
                isRecovered: isSameEpoch && stored.contains { $0.offset == request.after.offset }
                    && state.lastDeleted[key] ?? 0 <= request.after.offset,
                end: MailboxPosition(epoch: epoch, offset: stored.last!.offset))
        }
    }

    private var currentEpoch: Epoch {
        if state.epoch == nil { state.epoch = .random() }
        return state.epoch!
    }
}

extension MailboxStore {
    /// The end of each user's mailbox.
    package func ends(of users: [UserID]) async throws(WorkflowStateError) -> [MailboxPosition] {
        let blank = MailboxPosition(epoch: .random(), offset: MailboxPosition.largest)
        return try await history(users.map { HistoryRequest($0, after: blank) }).map(\.end)
    }
}
