import WorkflowState

/// The position in the user's mailbox at which a session starts.
enum ResumePoint: Sendable, Equatable {
    /// Updates from now on.
    case latest
    /// Updates after a position that the client has received.
    case after(MailboxPosition)
    /// The client's position is invalid: it is answered `recovered:false` and gets updates from now on.
    case unrecoverable
}

extension ResumePoint {
    /// Parses a client's position; without any it is a first connection.
    init(epoch: String?, lastEventID: String?) {
        switch (epoch.flatMap { $0.isEmpty ? nil : $0 }, lastEventID.flatMap { $0.isEmpty ? nil : $0 }) {
        case (nil, nil): self = .latest
        case (let epoch?, let offset?): self.init(position: "\(epoch):\(offset)")
        default: self = .unrecoverable
        }
    }

    /// Parses `<epoch>:<offset>`.
    init(position: String) {
        self = MailboxPosition(position).map { .after($0) } ?? .unrecoverable
    }
}
