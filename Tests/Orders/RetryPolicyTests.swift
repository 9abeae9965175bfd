import Orders
import Testing

@Suite struct RetryPolicyTests {
    @Test func retriesWithGrowingDelaysThenDeadLetters() {
        let retryPolicy = RetryPolicy.standard
        let decisions = (1...5).map { retryPolicy.decide(failedAttempt: $0, .transient) }
        #expect(
            decisions == [
                .retry(delay: .seconds(1), attempt: 2), .retry(delay: .seconds(10), attempt: 3),
                .retry(delay: .seconds(60), attempt: 4), .deadLetter, .deadLetter,
            ])
    }

    @Test func deadLettersPermanentFailuresAtOnce() {
        for attempt in -1...5 {
            #expect(RetryPolicy.standard.decide(failedAttempt: attempt, .permanent) == .deadLetter)
        }
    }

    @Test func clampsAttemptsOutOfRange() {
        let retryPolicy = RetryPolicy.standard
        #expect(retryPolicy.decide(failedAttempt: 0, .transient) == .retry(delay: .seconds(1), attempt: 2))
        #expect(retryPolicy.decide(failedAttempt: .min, .transient) == .retry(delay: .seconds(1), attempt: 2))
        #expect(retryPolicy.decide(failedAttempt: .max, .transient) == .deadLetter)
        #expect(RetryPolicy(delays: []).decide(failedAttempt: 1, .transient) == .deadLetter)
    }
}
