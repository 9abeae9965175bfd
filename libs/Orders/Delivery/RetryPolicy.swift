/// What to do with a message whose handling failed: wait longer each time, then park it.
package struct RetryPolicy: Hashable, Sendable {
    package enum Failure: Hashable, Sendable {
        /// May pass with time: a server is away.
        case transient
        /// Will fail again: the message itself is wrong.
        case permanent
    }

    package enum Decision: Hashable, Sendable {
        /// Deliver again after `delay`, as `attempt`.
        case retry(delay: Duration, attempt: Int)
        /// To the dead-letter queue.
        case deadLetter
    }

    /// 1 s, 10 s, 60 s: one queue each, since mixed times to live in one queue block each other.
    package static let standard = RetryPolicy(delays: [.seconds(1), .seconds(10), .seconds(60)])

    package let delays: [Duration]

    package init(delays: [Duration]) {
        self.delays = delays
    }

    /// - Parameter attempt: which delivery failed, from 1, out of the message's `x-attempt`; never the
    ///   broker's own count, which differs between versions. Below 1 counts as 1.
    package func decide(failedAttempt attempt: Int, _ failure: Failure) -> Decision {
        let step = max(attempt, 1) - 1
        guard failure == .transient, step < delays.count else { return .deadLetter }
        return .retry(delay: delays[step], attempt: step + 2)
    }
}
