import WorkflowState

/// Where in the user's mailbox a session begins.
enum ResumePoint: Sendable, Equatable {
    /// With what comes from now on.
    case latest
    /// With what followed a position that the client has seen.
    case after(MailboxPosition)
    /// The client has a position that cannot be one of ours: it is told so, and begins with now.
    case unrecoverable
}

extension ResumePoint {
    /// Reads what a client says of its position; nothing at all means a first visit.
    init(epoch: String?, lastEventID: String?) {
        switch (epoch.flatMap { $0.isEmpty ? nil : $0 }, lastEventID.flatMap { $0.isEmpty ? nil : $0 }) {
        case (nil, nil): self = .latest
        case (let epoch?, let offset?): self.init(position: "\(epoch):\(offset)")
        default: self = .unrecoverable
        }
    }

    /// Reads `<epoch>:<offset>`.
    init(position: String) {
        self = MailboxPosition(position).map { .after($0) } ?? .unrecoverable
    }
}
