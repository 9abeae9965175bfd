extension OrderStatus {
    /// What causes a status change.
    package enum Cause: Hashable, Sendable, CaseIterable {
        /// Regular processing, including redeliveries.
        case processing
        /// An operator replayed the order from the dead-letter queue.
        case replay
    }

    package enum Transition: Hashable, Sendable {
        /// Write the new status.
        case advance
        /// The status is already set, as on a redelivery.
        case unchanged
        /// The status would go backwards or overwrite a final one.
        case refuse
    }

    /// Whether `next` may replace `current`. Nil is an expired or forgotten status, which any status but PROCESSING may
    /// replace: the order may have ended.
    ///
    /// | from \ to | ACCEPTED | PROCESSING | COMPLETED | FAILED | CANCELLED |
    /// | --- | --- | --- | --- | --- | --- |
    /// | ACCEPTED | same | yes | yes | yes | yes |
    /// | PROCESSING | no | same | yes | yes | yes |
    /// | COMPLETED | no | no | same | no | no |
    /// | FAILED | no | no | replay | same | no |
    /// | CANCELLED | no | no | no | no | same |
    ///
    /// ACCEPTED → COMPLETED is allowed, because the write of PROCESSING may have been lost. Which end an order has is
    /// decided where it is recorded; its status follows.
    package static func transition(from current: Self?, to next: Self, cause: Cause = .processing)
        -> Transition
    {
        guard let current else { return next == .processing ? .refuse : .advance }
        if current == next { return .unchanged }
        if current.rank < next.rank { return .advance }
        return current == .failed && next == .completed && cause == .replay ? .advance : .refuse
    }
}
