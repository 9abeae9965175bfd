extension OrderStatus {
    /// Why a status is to be written.
    package enum Cause: Hashable, Sendable, CaseIterable {
        /// The order's way, with redeliveries.
        case processing
        /// An operator took the order out of the dead-letter queue.
        case replay
    }

    package enum Transition: Hashable, Sendable {
        /// Write it.
        case advance
        /// It is there already: a redelivery.
        case unchanged
        /// It would go backwards, or overwrite an end.
        case refuse
    }

    /// Whether `next` may be written over `current`; nil is an expired or unknown status, over which
    /// anything may.
    ///
    /// | from \ to | ACCEPTED | PROCESSING | COMPLETED | FAILED | CANCELLED |
    /// | --- | --- | --- | --- | --- | --- |
    /// | ACCEPTED | same | yes | yes | yes | yes |
    /// | PROCESSING | no | same | yes | yes | no |
    /// | COMPLETED | no | no | same | no | no |
    /// | FAILED | no | no | replay | same | no |
    /// | CANCELLED | no | no | no | no | same |
    ///
    /// ACCEPTED → COMPLETED is allowed, since the write of PROCESSING may have been lost. Cancelling and
    /// processing race for ACCEPTED: who comes second is refused, so that an order never is both.
    package static func transition(from current: Self?, to next: Self, cause: Cause = .processing)
        -> Transition
    {
        guard let current else { return .advance }
        if current == next { return .unchanged }
        if current == .processing, next == .cancelled { return .refuse }
        if current.rank < next.rank { return .advance }
        return current == .failed && next == .completed && cause == .replay ? .advance : .refuse
    }

    /// Whether the owner may still cancel.
    package var isCancellable: Bool {
        Self.transition(from: self, to: .cancelled) == .advance
    }
}
