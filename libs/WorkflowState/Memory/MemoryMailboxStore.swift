package import EventLoop
package import Orders

/// ``MailboxStore`` in memory.
@Loop
package final class MemoryMailboxStore: MailboxStore {
    private let state: MemoryState
    private let lifetimes: Lifetimes

    package init(_ state: MemoryState, _ lifetimes: Lifetimes = Lifetimes()) {
        self.state = state
        self.lifetimes = lifetimes
    }

    package func deliver(_ deliveries: [Delivery]) async throws(WorkflowStateError) -> [Int64?] {
        try state.check()
        return deliveries.map { deliver($0) }
    }

    private func deliver(_ delivery: Delivery) -> Int64? {
        let mark = Keys.delivered(delivery.update)
        guard state.text(mark) == nil else { return nil }
        state.set(mark, [], for: lifetimes.workflow)
        let key = Keys.mailbox(delivery.user)
        let previous = state.mailbox(key).last?.offset ?? 0
        let offset = max(state.now(), previous + 1)
        let tail = UpdateCodec.tail(delivery.update)
        let letter = MemoryState.Letter(offset: offset, tail: tail)
        state.append(letter, to: key, cap: lifetimes.mailboxCap, for: lifetimes.workflow)
        state.publish(
            UpdateCodec.wakeUp(previous: previous, offset: offset, tail: tail), to: delivery.user)
        return offset
    }

    package func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        try state.check()
        let epoch = currentEpoch
        return requests.map { request in
            let letters = state.mailbox(Keys.mailbox(request.user))
            let facts = Recovery(
                first: letters.first?.offset, last: letters.last?.offset, count: letters.count,
                now: state.now(), cap: lifetimes.mailboxCap, lifetime: lifetimes.workflow)
            let entries = letters.filter { request.after.epoch == epoch && $0.offset > request.after.offset }
                .compactMap { UpdateCodec.entry(offset: $0.offset, tail: $0.tail) }
            return History(entries, after: request.after, epoch: epoch, facts)
        }
    }

    package func ends(of users: [UserID]) async throws(WorkflowStateError) -> [MailboxPosition] {
        try state.check()
        return users.map { user in
            let last = state.mailbox(Keys.mailbox(user)).last?.offset
            return MailboxPosition(epoch: currentEpoch, offset: last ?? state.now() - 1)
        }
    }

    package func held(by server: String) async throws(WorkflowStateError) -> Bool {
        try state.check()
        guard state.holder != server else { return false }
        defer { state.holder = server }
        guard state.holder != nil else { return false }
        state.epoch = .random()
        return true
    }

    private var currentEpoch: Epoch {
        if state.epoch == nil { state.epoch = .random() }
        return state.epoch!
    }
}
