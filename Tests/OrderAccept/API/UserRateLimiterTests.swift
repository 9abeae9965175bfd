import EventLoop
import Orders
import Service
import Testing

@testable import OrderAccept

@Loop @Suite struct UserRateLimiterTests {
    let now = Instant(nanoseconds: 1_000_000_000)

    @Test func decisionsCarryLimitRemainingAndReset() {
        let limiter = UserRateLimiter(RateLimit(burst: 5, perSecond: 1))
        let decisions = (0..<6).map { _ in limiter.take(for: PlacementFixture.user, now: now) }
        #expect(decisions.map(\.isAllowed) == [true, true, true, true, true, false])
        #expect(decisions.map(\.resetSeconds) == [1, 2, 3, 4, 5, 1])
        #expect(decisions.map(\.remaining) == [4, 3, 2, 1, 0, 0])
        #expect(decisions[0].limit == 5)
    }

    @Test func eachUserHasItsOwnLimit() throws {
        let limiter = UserRateLimiter(RateLimit(burst: 1, perSecond: 1))
        #expect(limiter.take(for: PlacementFixture.user, now: now).isAllowed)
        #expect(!limiter.take(for: PlacementFixture.user, now: now).isAllowed)
        #expect(limiter.take(for: PlacementFixture.otherUser, now: now).isAllowed)
    }

    @Test func theTableIsBounded() throws {
        let limiter = UserRateLimiter(RateLimit(burst: 1, perSecond: 1), generationSize: 10)
        for index in 0..<1_000 {
            #expect(limiter.take(for: try #require(UserID("u\(index)")), now: now).isAllowed)
            #expect(limiter.count <= 20)
        }
        // A recent user is remembered across generations.
        #expect(!limiter.take(for: try #require(UserID("u995")), now: now).isAllowed)
        #expect(!limiter.take(for: try #require(UserID("u985")), now: now).isAllowed)
    }
}
