import Orders
import Testing

@Suite struct RetryLadderTests {
    @Test func climbsThenParks() {
        let ladder = RetryLadder.standard
        let decisions = (1...5).map { ladder.decide(failedAttempt: $0, .transient) }
        #expect(
            decisions == [
                .retry(delay: .seconds(1), attempt: 2), .retry(delay: .seconds(10), attempt: 3),
                .retry(delay: .seconds(60), attempt: 4), .park, .park,
            ])
    }

    @Test func whatCannotPassParksAtOnce() {
        for attempt in -1...5 {
            #expect(RetryLadder.standard.decide(failedAttempt: attempt, .permanent) == .park)
        }
    }

    @Test func absurdAttemptsAreTheFirstOrBeyondTheLast() {
        let ladder = RetryLadder.standard
        #expect(ladder.decide(failedAttempt: 0, .transient) == .retry(delay: .seconds(1), attempt: 2))
        #expect(ladder.decide(failedAttempt: .min, .transient) == .retry(delay: .seconds(1), attempt: 2))
        #expect(ladder.decide(failedAttempt: .max, .transient) == .park)
        #expect(RetryLadder(delays: []).decide(failedAttempt: 1, .transient) == .park)
    }
}
