package import EventLoop
package import Orders
package import WorkflowState

/// ``UserChannels`` in memory: messages are delivered synchronously by the call that publishes them.
@Loop
package final class MemoryUserChannels: UserChannels {
    private let state: MemoryState
    private var users: Set<UserID> = []
    package var onMessage: (@Loop (UserID, Publication) -> Void)?
    package var onRestored: (@Loop ([UserID]) -> Void)?

    package init(_ state: MemoryState) {
        self.state = state
        state.add(self)
    }

    package func listen(for user: UserID) async throws(WorkflowStateError) {
        users.insert(user)
        try state.check()
    }

    package func stopListening(for user: UserID) { users.remove(user) }

    func received(_ payload: [UInt8], _ user: UserID) {
        guard users.contains(user), let message = UpdateCodec.message(payload) else { return }
        onMessage?(user, message)
    }

    func restored() {
        if !users.isEmpty { onRestored?(Array(users)) }
    }
}
