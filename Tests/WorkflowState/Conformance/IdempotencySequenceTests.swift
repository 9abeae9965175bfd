import EventLoop
import Testing

@testable import WorkflowState

/// Compares every sequence of operations on a key with a model.
@Suite(.timeLimit(.minutes(1))) @Loop struct IdempotencySequenceTests {
    enum Step: CaseIterable {
        case reserve, reserveOther
        /// The first or the latest lease of the key completes or releases.
        case completeFirst, completeLast, releaseFirst, releaseLast
        case leaseEnds
    }

    /// The state of a key, without a store.
    struct Model: Equatable {
        enum State: Equatable {
            case free
            case held(fingerprint: String, by: Int)
            case answered(fingerprint: String, by: Int, response: UInt8)
        }

        private(set) var state = State.free
        /// Numbers of the reservations that got the key, in order.
        private(set) var holders: [Int] = []

        mutating func reserve(_ number: Int, _ fingerprint: String) -> Reservation {
            switch state {
            case .free:
                state = .held(fingerprint: fingerprint, by: number)
                holders.append(number)
                return .reserved
            case .held(let first, _): return first == fingerprint ? .inFlight : .mismatch
            case .answered(let first, _, let response):
                return first == fingerprint ? .replay([response]) : .mismatch
            }
        }

        mutating func complete(_ number: Int, _ fingerprint: String) {
            switch state {
            case .held(_, let holder) where holder != number: break
            case .answered(_, let holder, _) where holder != number: break
            default: state = .answered(fingerprint: fingerprint, by: number, response: UInt8(number))
            }
        }

        mutating func release(_ number: Int) {
            if case .held(_, number) = state { state = .free }
        }

        /// - Returns: whether there was a lease to end.
        mutating func endLease() -> Bool {
            guard case .held = state else { return false }
            state = .free
            return true
        }
    }

    /// Runs one sequence on a key of its own.
    private func run(_ steps: [Step], _ fixture: StoreFixture) async throws {
        let key = IdempotencyKey(user: fixture.user(), key: "k")
        var model = Model()
        var leases: [IdempotencyLease] = []
        for (index, step) in steps.enumerated() {
            var isRight = true
            switch step {
            case .reserve, .reserveOther:
                let lease = IdempotencyLease(key, fingerprint: step == .reserve ? "f" : "g")
                leases.append(lease)
                let expected = model.reserve(leases.count - 1, lease.fingerprint)
                let found = try await fixture.idempotency.reserve(lease)
                isRight = found == expected
            case .completeFirst, .completeLast:
                let number = step == .completeFirst ? model.holders[0] : model.holders.last!
                model.complete(number, leases[number].fingerprint)
                try await fixture.idempotency.complete(leases[number], response: [UInt8(number)])
            case .releaseFirst, .releaseLast:
                let number = step == .releaseFirst ? model.holders[0] : model.holders.last!
                model.release(number)
                try await fixture.idempotency.release(leases[number])
            case .leaseEnds:
                if model.endLease() { try await fixture.endLease(key) }
            }
            // The text is built only on failure: thousands of sequences share the loop with other tests.
            if !isRight { Issue.record("step \(index) of \(steps)") }
        }
        // The key's final state, as seen by the next two requests.
        for fingerprint in ["f", "g"] {
            let lease = IdempotencyLease(key, fingerprint: fingerprint)
            let expected = model.reserve(leases.count, fingerprint)
            leases.append(lease)
            let found = try await fixture.idempotency.reserve(lease)
            if found != expected { Issue.record("\(fingerprint) after \(steps)") }
        }
    }

    @Test(arguments: Driver.available) func everySequenceOfFiveStepsMatchesTheModel(driver: Driver)
        async throws
    {
        let all = Step.allCases
        try await with(driver) { fixture in
            for code in 0..<(all.count * all.count * all.count * all.count) {
                var rest = code
                var steps = [Step.reserve]
                for _ in 0..<4 {
                    steps.append(all[rest % all.count])
                    rest /= all.count
                }
                try await run(steps, fixture)
            }
        }
    }
}
