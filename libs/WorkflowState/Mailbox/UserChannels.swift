package import EventLoop
package import Orders

/// The users' channels that a replica subscribes to for its sessions.
///
/// Subscribe first, then read the mailbox, then drop duplicates by offset: the other order loses updates.
@Loop
package protocol UserChannels: AnyObject {
    /// Called for each message on a subscribed user's channel.
    var onMessage: (@Loop (UserID, ChannelMessage) -> Void)? { get set }
    /// Called, in batches, with users who are subscribed again after the connection was lost: messages
    /// published in between are lost, so recover them from the mailboxes.
    var onRestored: (@Loop ([UserID]) -> Void)? { get set }

    /// Returns when every later message will arrive. After a retriable error the user stays wanted and is
    /// reported by `onRestored` once the store is available.
    func listen(for user: UserID) async throws(WorkflowStateError)

    func stopListening(for user: UserID)
}

/// A message on a user's channel.
package struct ChannelMessage: Sendable, Equatable {
    package var update: StatusUpdate
    /// The offset in the mailbox; `nil` for an ephemeral update, which is not stored.
    package var offset: Int64?
    /// The offset before this one in the mailbox, 0 when there was none. A reader at a smaller position has
    /// missed updates and should read the history.
    package var previous: Int64?
    /// The JSON for native clients.
    package var frame: [UInt8]

    package init(update: StatusUpdate, offset: Int64?, previous: Int64?, frame: [UInt8]) {
        self.update = update
        self.offset = offset
        self.previous = previous
        self.frame = frame
    }
}
