import EventLoop
import Testing

@Suite struct BackoffTests {
    @Test func theBoundDoublesUpToTheCap() {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
        var bounds: [Duration] = []
        for _ in 0..<8 {
            bounds.append(backoff.bound)
            _ = backoff.next()
        }
        #expect(bounds == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
    }

    @Test func delaysAreSpreadOverTheWholeRange() {
        var delays: [Duration] = []
        for _ in 0..<1000 {
            var backoff = Backoff(base: .seconds(1), cap: .seconds(1))
            delays.append(backoff.next())
        }
        #expect(delays.allSatisfy { .zero <= $0 && $0 <= .seconds(1) })
        #expect(delays.contains { $0 < .milliseconds(100) } && delays.contains { $0 > .milliseconds(900) })
    }

    @Test func resetRestoresTheFirstBound() {
        var backoff = Backoff()
        for _ in 0..<100 { _ = backoff.next() }
        backoff.reset()
        #expect(backoff.bound == .milliseconds(50))
    }
}
