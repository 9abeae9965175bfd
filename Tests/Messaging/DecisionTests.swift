import Orders
import Testing

@testable import Messaging

@Suite struct DecisionTests {
    @Test(arguments: HandlingError.Kind.allCases, 0...6)
    func decidesEveryFailureOfEveryAttempt(kind: HandlingError.Kind, attempt: Int) {
        let disposition = Disposition.decide(HandlingError(kind, "x"), attempt: attempt, .standard)
        let delays: [Duration] = [.seconds(1), .seconds(10), .seconds(60)]
        let step = max(attempt, 1)
        if kind == .permanent || step > 3 {
            #expect(disposition == .deadLetter)
        } else {
            #expect(disposition == .retry(delay: delays[step - 1], attempt: step + 1))
        }
    }

    struct UnexpectedFailure: Error {}

    @Test(arguments: 1...3)
    func decidesEveryFailureOfABatch(count: Int) {
        #expect(BatchFailure.decide(HandlingError(.unavailable, "x"), batch: count) == .retryBatch)
        for error in [HandlingError(.transient, "x"), HandlingError(.permanent, "x")] {
            #expect(
                BatchFailure.decide(error, batch: count) == (count > 1 ? .retryIndividually : .settle(error)))
        }
        guard case .settle(let error) = BatchFailure.decide(UnexpectedFailure(), batch: 1) else {
            Issue.record("not settled")
            return
        }
        // An unknown error's text may contain anything, so it is not shown.
        #expect(error.kind == .transient && !error.reason.contains("UnexpectedFailure"))
    }

    /// All batches of up to eight: every message once, in order, redelivered ones alone, fresh ones together.
    @Test func plansEveryBatchOfUpToEight() {
        for count in 0...8 {
            for bits in 0..<(1 << count) {
                let flags = (0..<count).map { bits >> $0 & 1 == 1 }
                let plan = BatchPlan.split(flags)
                let isPartition = plan.flatMap(Array.init) == Array(0..<count)
                let areAlone = plan.allSatisfy { $0.count == 1 || !flags[$0].contains(true) }
                let areTogether = zip(plan, plan.dropFirst()).allSatisfy {
                    flags[$0.lowerBound] || flags[$1.lowerBound]
                }
                if !isPartition || !areAlone || !areTogether { Issue.record("\(flags): \(plan)") }
            }
        }
    }

    @Test func parsesEventNames() {
        #expect(EventName("order.accepted.v1").name == "order.accepted")
        #expect(EventName("order.accepted.v12").version == 12)
        for text in ["", "order", "order.accepted", "order.v", "order.vx", "order.v0"] {
            #expect(EventName(text).version == nil && EventName(text).name == text)
        }
    }
}
