package import EventLoop
package import Orders

/// Every user's recent updates, stored for disconnected sessions: capped and expiring.
@Loop
package protocol MailboxStore: AnyObject {
    /// Appends each update to its user's mailbox and publishes it to the user's channel, in one round trip. A
    /// stored update (the same order at the same status) is not appended again.
    func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [DeliveryOutcome]

    /// The entries of each user's mailbox after a position, in one round trip. Renews the mailboxes' lifetimes.
    func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History]

    /// Whether some users' mailboxes may be unavailable while others' are not: then a call for several fails, and one for
    /// each does not.
    var isSharded: Bool { get }
}

extension MailboxStore {
    package var isSharded: Bool { false }
}

package enum DeliveryOutcome: Hashable, Sendable {
    case delivered(offset: Int64)
    /// It had been delivered before, or is not the order's last outcome any more.
    case duplicate
    /// Its order, or the order's status, has been forgotten, or the order has failed there without a record perhaps: who owns
    /// it is to be asked elsewhere. Only of deliveries without a user.
    case unknownOwner

    package var offset: Int64? { if case .delivered(let offset) = self { offset } else { nil } }
}

package struct MailboxDelivery: Sendable {
    /// Nil for the order's owner, as it is remembered here.
    package var user: UserID?
    package var update: StatusUpdate
    /// For whoever receives it from the channel; nil when it is not traced.
    package var traceparent: String?

    package init(to user: UserID?, _ update: StatusUpdate, traceparent: String? = nil) {
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
    /// After the position's offset, oldest first, in whatever epoch: offsets grow with the server's clock.
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
