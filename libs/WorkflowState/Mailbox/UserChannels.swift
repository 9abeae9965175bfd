package import EventLoop
package import Orders

/// The users' channels that a replica subscribes to for its sessions.
///
/// Subscribe first, then read the mailbox, then drop duplicates by offset: the other order loses updates.
@Loop
package protocol UserChannels: AnyObject {
    /// Called for each message on a subscribed user's channel.
    var onMessage: (@Loop (UserID, Publication) -> Void)? { get set }
    /// Called, in batches, with users who are subscribed again after the connection was lost: messages
    /// published in between are lost, so recover them from the mailboxes.
    var onRestored: (@Loop ([UserID]) -> Void)? { get set }

    /// Returns when every later message will arrive. After a retriable error the user stays wanted and is
    /// reported by `onRestored` once the store is available.
    func listen(for user: UserID) async throws(WorkflowStateError)

    func stopListening(for user: UserID)
}
