import EventLoop
import Testing

@testable import Service

@Suite struct RateLimiterTests {
    let limit = RateLimit(burst: 3, perSecond: 10)
    let start = Instant(nanoseconds: 5_000_000_000)

    @Test func allowsABurstAndThenTheRate() {
        var limiter = RateLimiter()
        let burst = (0..<4).map { _ in limiter.take(limit, now: start) }
        #expect(burst == [true, true, true, false])
        #expect(limiter.untilAvailable(limit, now: start) == .milliseconds(100))
        let later = [99, 100, 100, 199, 200].map { limiter.take(limit, now: start + .milliseconds($0)) }
        #expect(later == [false, true, false, false, true])
        #expect(!limiter.isIdle(now: start + .milliseconds(499)))
        #expect(limiter.isIdle(now: start + .milliseconds(500)))
    }

    @Test func reportsWhatRemains() {
        var limiter = RateLimiter()
        #expect(limiter.remaining(limit, now: start) == 3 && limiter.untilIdle(now: start) == .zero)
        _ = limiter.take(limit, now: start)
        #expect(limiter.remaining(limit, now: start) == 2)
        #expect(limiter.untilIdle(now: start) == .milliseconds(100))
        #expect(limiter.remaining(limit, now: start + .seconds(3600)) == 3)
    }

    @Test func aClockMovingBackwardsGrantsNoPermits() {
        var limiter = RateLimiter()
        for _ in 0..<3 { _ = limiter.take(limit, now: start + .seconds(1)) }
        let isAllowed = limiter.take(limit, now: start)
        #expect(!isAllowed)
    }
}
