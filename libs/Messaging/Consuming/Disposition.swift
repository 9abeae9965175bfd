internal import Orders

/// What to do with one message after a failure.
enum Disposition: Hashable {
    /// Publish a copy to the retry queue of `delay` as delivery `attempt`, then ack.
    case retry(delay: Duration, attempt: Int)
    /// Publish a copy with the reason to the dead-letter queue, then ack.
    case deadLetter

    static func decide(_ error: HandlingError, attempt: Int, _ retryPolicy: RetryPolicy) -> Disposition {
        let failure: RetryPolicy.Failure = error.kind == .permanent ? .permanent : .transient
        return switch retryPolicy.decide(failedAttempt: attempt, failure) {
        case .retry(let delay, let attempt): .retry(delay: delay, attempt: attempt)
        case .deadLetter: .deadLetter
        }
    }
}

/// What to do when the handler throws for a whole batch.
enum BatchFailure: Hashable {
    /// Wait, and handle the same batch again.
    case retryBatch
    /// Handle each message alone.
    case retryIndividually
    /// The batch had one message, so the error belongs to it.
    case settle(HandlingError)

    static func decide(_ error: any Error, batch count: Int) -> BatchFailure {
        let error = error as? HandlingError ?? .unexpected
        if error.kind == .unavailable { return .retryBatch }
        return count > 1 ? .retryIndividually : .settle(error)
    }
}

/// How a batch is passed to the handler: in order, fresh messages together. A redelivered message may have
/// crashed its last consumer, so it is handled alone.
enum BatchPlan {
    static func split(_ isRedelivered: [Bool]) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = 0
        for (index, redelivered) in isRedelivered.enumerated() where redelivered {
            if start < index { groups.append(start..<index) }
            groups.append(index..<index + 1)
            start = index + 1
        }
        if start < isRedelivered.count { groups.append(start..<isRedelivered.count) }
        return groups
    }
}
