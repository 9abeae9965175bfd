import EventLoop
import Testing

@testable import WorkflowState

@Suite(.timeLimit(.minutes(1))) @Loop struct IdempotencyStoreTests {
    private func fresh(_ key: IdempotencyKey, _ fingerprint: String = "f") -> IdempotencyLease {
        IdempotencyLease(key, fingerprint: fingerprint)
    }

    @Test(arguments: Driver.available) func reservesCompletesAndReplaysAKey(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let store = fixture.idempotency
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let lease = fresh(key)
            #expect(try await store.reserve(lease, draft: [7]) == .reserved)
            #expect(try await store.reserve(fresh(key), draft: [7]) == .inFlight)
            #expect(try await store.reserve(fresh(key, "g"), draft: [7]) == .mismatch)
            let response: [UInt8] = [0, 255, 13, 10]
            #expect(try await store.complete(lease, response: response))
            #expect(try await store.reserve(fresh(key), draft: [7]) == .replay(response))
            #expect(try await store.reserve(fresh(key, "g"), draft: [7]) == .mismatch)
            for _ in 0..<2 {
                try await store.release(lease)
                try await store.expire(lease)
                #expect(try await store.reserve(fresh(key), draft: [7]) == .replay(response))
            }
        }
    }

    @Test(arguments: Driver.available) func aReleasedKeyCanBeReserved(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let lease = fresh(key)
            #expect(try await fixture.idempotency.reserve(lease, draft: [7]) == .reserved)
            try await fixture.idempotency.release(lease)
            #expect(try await fixture.idempotency.reserve(fresh(key, "g"), draft: [7]) == .reserved)
            try await fixture.idempotency.release(lease)
            #expect(try await fixture.idempotency.reserve(fresh(key, "g"), draft: [7]) == .inFlight)
        }
    }

    @Test(arguments: Driver.available) func anExpiredLeaseIsResumedByTheNextRequest(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let store = fixture.idempotency
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let (slow, second) = (fresh(key), fresh(key))
            #expect(try await store.reserve(slow, draft: [7]) == .reserved)
            try await fixture.endLease(key)
            #expect(try await store.reserve(fresh(key, "g"), draft: [8]) == .mismatch)
            #expect(try await store.reserve(second, draft: [8]) == .resumed(draft: [7]))
            #expect(try await store.reserve(fresh(key), draft: [9]) == .inFlight)
            #expect(try await !store.complete(slow, response: [1]))
            #expect(try await store.complete(second, response: [2]))
            #expect(try await store.reserve(fresh(key), draft: [7]) == .replay([2]))

            let other = IdempotencyKey(user: fixture.user(), key: "k")
            let alone = fresh(other)
            #expect(try await store.reserve(alone, draft: [7]) == .reserved)
            try await fixture.endLease(other)
            #expect(try await store.complete(alone, response: [3]))
            #expect(try await store.reserve(fresh(other), draft: [7]) == .replay([3]))
        }
    }

    @Test(arguments: Driver.available) func anExpiredKeyIsResumedAtOnce(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let store = fixture.idempotency
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let (first, second) = (fresh(key), fresh(key))
            #expect(try await store.reserve(first, draft: [7]) == .reserved)
            for _ in 0..<2 { try await store.expire(first) }
            #expect(try await store.reserve(fresh(key, "g"), draft: [8]) == .mismatch)
            #expect(try await store.reserve(second, draft: [8]) == .resumed(draft: [7]))
            // The key belongs to another lease now.
            try await store.expire(first)
            #expect(try await store.reserve(fresh(key), draft: [9]) == .inFlight)
            try await store.expire(second)
            #expect(try await store.reserve(fresh(key), draft: [9]) == .resumed(draft: [7]))
        }
    }

    @Test(arguments: Driver.available) func refusesAReservationAfterItsExpire(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let store = fixture.idempotency
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let (late, holder) = (fresh(key), fresh(key))
            try await store.expire(late)
            #expect(try await store.reserve(late, draft: [6]) == .inFlight)
            #expect(try await store.reserve(holder, draft: [7]) == .reserved)
            // It does not take over either.
            let later = fresh(key)
            try await store.expire(later)
            try await store.expire(holder)
            for lease in [late, later] {
                #expect(try await store.reserve(lease, draft: [6]) == .inFlight)
            }
            #expect(try await store.reserve(fresh(key), draft: [8]) == .resumed(draft: [7]))
        }
    }

    @Test(arguments: Driver.available) func usersDoNotShareKeys(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let colon = IdempotencyKey(user: UserIDs.join(user, "a"), key: "k")
            let plain = IdempotencyKey(user: user, key: "a:k")
            let escaped = IdempotencyKey(user: UserIDs.join(user, "a", by: "%3A"), key: "k")
            for key in [colon, plain, escaped] {
                let reservation = try await fixture.idempotency.reserve(fresh(key), draft: [7])
                #expect(reservation == .reserved)
            }
        }
    }
}
