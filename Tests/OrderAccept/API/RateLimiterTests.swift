import EventLoop
import Orders
import Testing

@testable import OrderAccept

@Suite struct TokenBucketTests {
    let limit = TokenBucket.Limit(rate: 10, burst: 3)
    let start = Instant(nanoseconds: 1_000_000_000)

    @Test func aBurstAndThenTheRate() {
        var bucket = TokenBucket(limit, now: start)
        #expect((0..<4).map { _ in bucket.take(limit, now: start).isAllowed } == [true, true, true, false])
        #expect(!bucket.take(limit, now: start + .milliseconds(99)).isAllowed)
        #expect(bucket.take(limit, now: start + .milliseconds(200)).isAllowed)
        #expect(bucket.take(limit, now: start + .milliseconds(200)).remaining == 0)
    }

    @Test func itTellsWhereItStands() {
        var bucket = TokenBucket(limit, now: start)
        #expect(
            bucket.take(limit, now: start)
                == RateLimitDecision(isAllowed: true, limit: 3, remaining: 2, resetSeconds: 1))
        let slow = TokenBucket.Limit(rate: 1, burst: 5)
        bucket = TokenBucket(slow, now: start)
        let answers = (0..<6).map { _ in bucket.take(slow, now: start) }
        #expect(answers.map(\.resetSeconds) == [1, 2, 3, 4, 5, 1])
        #expect(answers.map(\.remaining) == [4, 3, 2, 1, 0, 0])
    }

    @Test func restFillsItNoFurtherThanTheBurst() {
        var bucket = TokenBucket(limit, now: start)
        _ = bucket.take(limit, now: start)
        let later = start + .seconds(3600)
        #expect(bucket.take(limit, now: later).remaining == 2)
        // A clock that stands still or goes back gives nothing away.
        #expect(bucket.take(limit, now: start).remaining == 1)
    }
}

@Loop @Suite struct RateLimiterTests {
    let now = Instant(nanoseconds: 1_000_000_000)

    @Test func usersDoNotShareABucket() throws {
        let limiter = RateLimiter(TokenBucket.Limit(rate: 1, burst: 1))
        #expect(limiter.take(for: PlacementFixture.user, now: now).isAllowed)
        #expect(!limiter.take(for: PlacementFixture.user, now: now).isAllowed)
        #expect(limiter.take(for: PlacementFixture.stranger, now: now).isAllowed)
    }

    @Test func theTableIsBounded() throws {
        let limiter = RateLimiter(TokenBucket.Limit(rate: 1, burst: 1), generationSize: 10)
        for index in 0..<1_000 {
            #expect(limiter.take(for: try #require(UserID("u\(index)")), now: now).isAllowed)
            #expect(limiter.count <= 20)
        }
        // Who was seen lately is remembered over a change of generations.
        #expect(!limiter.take(for: try #require(UserID("u995")), now: now).isAllowed)
        #expect(!limiter.take(for: try #require(UserID("u985")), now: now).isAllowed)
    }
}
