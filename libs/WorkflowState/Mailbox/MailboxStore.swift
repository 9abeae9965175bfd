package import EventLoop
package import Orders

/// Every user's recent updates, stored for disconnected sessions: capped and expiring.
@Loop
package protocol MailboxStore: AnyObject {
    /// Appends each update to its user's mailbox and publishes it to the user's channel, in one round trip. A
    /// stored update (the same order at the same status) is not appended again.
    ///
    /// - Returns: per delivery its offset, or `nil` when it had been delivered before.
    func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [Int64?]

    /// The entries of each user's mailbox after a position, in one round trip. Renews the mailboxes' lifetimes.
    func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History]

    /// Whether some users' mailboxes may be unavailable while others' are not: then a call for several fails, and one for
    /// each does not.
    var isSharded: Bool { get }
}

extension MailboxStore {
    package var isSharded: Bool { false }
}

package struct MailboxDelivery: Sendable {
    package var user: UserID
    package var update: StatusUpdate
    /// For whoever receives it from the channel; nil when it is not traced.
    package var traceparent: String?

    package init(to user: UserID, _ update: StatusUpdate, traceparent: String? = nil) {
        self.traceparent = traceparent
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

package struct History: Sendable, Equatable {
    /// Oldest first. Empty when the position is of another epoch.
    package var entries: [Publication]
    /// Whether `entries` is everything since the position: the position is of this epoch, and its entry is still there.
    /// If not, the client must fetch the truth from the API.
    package var isRecovered: Bool
    /// The reader's position after `entries`.
    package var end: MailboxPosition

    package init(entries: [Publication], isRecovered: Bool, end: MailboxPosition) {
        self.entries = entries
        self.isRecovered = isRecovered
        self.end = end
    }
}
