import EventLoop
import Orders

/// A ``TokenBucket`` a user, in a table of bounded size: two generations, of which the elder is dropped
/// when the younger is full. Who was not seen for a whole generation begins with a full bucket.
@Loop
final class RateLimiter {
    private let limit: TokenBucket.Limit
    private let generationSize: Int
    private var current: [UserID: TokenBucket] = [:]
    private var previous: [UserID: TokenBucket] = [:]

    init(_ limit: TokenBucket.Limit, generationSize: Int = 50_000) {
        self.limit = limit
        self.generationSize = generationSize
    }

    /// Buckets that are held.
    var count: Int { current.count + previous.count }

    func take(for user: UserID, now: Instant = Loop.now) -> RateLimitDecision {
        if let allowance = current[user]?.take(limit, now: now) { return allowance }
        var bucket = previous.removeValue(forKey: user) ?? TokenBucket(limit, now: now)
        let allowance = bucket.take(limit, now: now)
        if current.count >= generationSize {
            previous = current
            current = [:]
        }
        current[user] = bucket
        return allowance
    }
}
