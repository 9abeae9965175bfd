package import EventLoop
package import Orders

/// Every user's recent updates, kept for those who were away: capped and expiring.
@Loop
package protocol MailboxStore: AnyObject {
    /// Appends each update to its user's mailbox and wakes the replicas which serve the user, in one round
    /// trip. An update that is in the mailbox already (the same order at the same status) is left alone.
    ///
    /// - Returns: per delivery its offset, or `nil` when it had been delivered before.
    func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [Int64?]

    /// What each user's mailbox holds after a position, in one round trip.
    func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History]

    /// The end of each user's mailbox, where a new connection begins.
    func ends(of users: [UserID]) async throws(WorkflowStateError) -> [MailboxPosition]

    /// Notes which server holds the mailboxes. Where another one held them last, what that one had not yet
    /// told this one is lost, and nobody can know what that was: so a new epoch begins.
    ///
    /// - Returns: whether one did.
    func recordPrimary(_ server: String) async throws(WorkflowStateError) -> Bool
}

package struct MailboxDelivery: Sendable {
    package var user: UserID
    package var update: StatusUpdate

    package init(to user: UserID, _ update: StatusUpdate) {
        self.user = user
        self.update = update
    }
}

package struct HistoryRequest: Sendable {
    package var user: UserID
    package var after: MailboxPosition

    package init(_ user: UserID, after: MailboxPosition) {
        self.user = user
        self.after = after
    }
}

package struct MailboxEntry: Sendable, Equatable {
    package var offset: Int64
    package var update: StatusUpdate
    /// The JSON for native clients.
    package var frame: [UInt8]

    package init(offset: Int64, update: StatusUpdate, frame: [UInt8]) {
        self.offset = offset
        self.update = update
        self.frame = frame
    }
}

package struct History: Sendable, Equatable {
    /// Oldest first. Empty when the position is of another epoch.
    package var entries: [MailboxEntry]
    /// Whether `entries` is everything since the position. If not, the truth must be fetched elsewhere.
    package var isRecovered: Bool
    /// Where the reader stands after `entries`.
    package var end: MailboxPosition

    package init(entries: [MailboxEntry], isRecovered: Bool, end: MailboxPosition) {
        self.entries = entries
        self.isRecovered = isRecovered
        self.end = end
    }
}
