/// Decides on a message whose handling failed: retry with growing delays, then dead-letter.
package struct RetryPolicy: Hashable, Sendable {
    package enum Failure: Hashable, Sendable {
        /// May succeed later, such as when a server is unavailable.
        case transient
        /// Fails again with the same message.
        case permanent
    }

    package enum Decision: Hashable, Sendable {
        /// Deliver again after `delay`, as `attempt`.
        case retry(delay: Duration, attempt: Int)
        /// Move to the dead-letter queue.
        case deadLetter
    }

    /// 1 s, 10 s, 60 s, each with a retry queue of its own, because a message expires only at the head of its queue.
    package static let standard = RetryPolicy(delays: [.seconds(1), .seconds(10), .seconds(60)])

    package let delays: [Duration]

    package init(delays: [Duration]) {
        self.delays = delays
    }

    /// - Parameter attempt: the failed delivery's number, from 1, of the message's `x-attempt` header; not the
    ///   broker's delivery count, which differs between versions. Below 1 counts as 1.
    package func decide(failedAttempt attempt: Int, _ failure: Failure) -> Decision {
        let step = max(attempt, 1) - 1
        guard failure == .transient, step < delays.count else { return .deadLetter }
        return .retry(delay: delays[step], attempt: step + 2)
    }
}
