package import EventLoop
package import Orders
package import Redis

/// ``UserChannels`` over Redis pub/sub. Replaces the subscriber's callbacks.
@Loop
package final class RedisUserChannels: UserChannels {
    private let subscriber: any RedisChannels
    private let keys: WorkflowKeys
    package var onMessage: (@Loop (UserID, Publication) -> Void)?
    package var onRestored: (@Loop ([UserID]) -> Void)?
    /// Dropped messages that could not be decoded.
    package private(set) var malformed = 0

    package init(_ subscriber: any RedisChannels) {
        self.subscriber = subscriber
        let keys = WorkflowKeys(isTagged: subscriber.isCluster)
        self.keys = keys
        subscriber.onMessage = { [weak self] channel, payload in self?.received(channel, payload) }
        subscriber.onRestored = { [weak self] channels in
            self?.onRestored?(channels.compactMap { keys.user(ofChannel: $0) })
        }
    }

    package func listen(for user: UserID) async throws(WorkflowStateError) {
        do { try await subscriber.subscribe(keys.channel(user).text) } catch {
            throw WorkflowStateError(error)
        }
    }

    package func stopListening(for user: UserID) {
        subscriber.unsubscribe(keys.channel(user).text)
    }

    private func received(_ channel: [UInt8], _ payload: [UInt8]) {
        guard let user = keys.user(ofChannel: channel), let message = UpdateCodec.message(payload)
        else {
            malformed += 1
            return
        }
        onMessage?(user, message)
    }
}
