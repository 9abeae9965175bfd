package import EventLoop
package import Orders

/// The wake-ups of users: a replica listens for those whom it serves.
///
/// Subscribe first, then read the mailbox, then drop what was seen by offset: the other order leaves a hole.
@Loop
package protocol UserChannels: AnyObject {
    /// Called for each message of a user who is listened for.
    var onMessage: (@Loop (UserID, ChannelMessage) -> Void)? { get set }
    /// Called with users who are listened for again after the connection was lost, in batches: what was
    /// published in between did not arrive, so catch them up from their mailboxes.
    var onRestored: (@Loop ([UserID]) -> Void)? { get set }

    /// Returns when every later message will arrive. When it throws a retriable error, the user stays
    /// wanted and is reported by `onRestored` once the store is back.
    func listen(for user: UserID) async throws(WorkflowStateError)

    func stopListening(for user: UserID)
}

/// A message on a user's channel.
package struct ChannelMessage: Sendable, Equatable {
    package var update: StatusUpdate
    /// The place in the mailbox; `nil` for an ephemeral update, which has none.
    package var offset: Int64?
    /// The offset before this one in the mailbox, 0 when there was none. A reader whose position is
    /// smaller has missed something, and should read the history.
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
