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
            #expect(try await store.reserve(lease) == .reserved)
            #expect(try await store.reserve(fresh(key)) == .inFlight)
            #expect(try await store.reserve(fresh(key, "g")) == .mismatch)
            let response: [UInt8] = [0, 255, 13, 10]
            try await store.complete(lease, response: response)
            #expect(try await store.reserve(fresh(key)) == .replay(response))
            #expect(try await store.reserve(fresh(key, "g")) == .mismatch)
            for _ in 0..<2 {
                try await store.release(lease)
                #expect(try await store.reserve(fresh(key)) == .replay(response))
            }
        }
    }

    @Test(arguments: Driver.available) func aReleasedKeyCanBeReserved(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let lease = fresh(key)
            #expect(try await fixture.idempotency.reserve(lease) == .reserved)
            try await fixture.idempotency.release(lease)
            #expect(try await fixture.idempotency.reserve(fresh(key, "g")) == .reserved)
            try await fixture.idempotency.release(lease)
            #expect(try await fixture.idempotency.reserve(fresh(key, "g")) == .inFlight)
        }
    }

    @Test(arguments: Driver.available) func anExpiredLeaseChangesNothingOfItsSuccessors(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let store = fixture.idempotency
            let key = IdempotencyKey(user: fixture.user(), key: "k")
            let (slow, second) = (fresh(key), fresh(key))
            #expect(try await store.reserve(slow) == .reserved)
            try await fixture.endLease(key)
            #expect(try await store.reserve(second) == .reserved)
            try await store.release(slow)
            try await store.complete(slow, response: [1])
            #expect(try await store.reserve(fresh(key)) == .inFlight)
            try await store.complete(second, response: [2])
            try await store.complete(slow, response: [1])
            #expect(try await store.reserve(fresh(key)) == .replay([2]))

            let other = IdempotencyKey(user: fixture.user(), key: "k")
            let alone = fresh(other)
            #expect(try await store.reserve(alone) == .reserved)
            try await fixture.endLease(other)
            try await store.complete(alone, response: [3])
            #expect(try await store.reserve(fresh(other)) == .replay([3]))
        }
    }

    @Test(arguments: Driver.available) func usersDoNotShareKeys(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let colon = IdempotencyKey(user: UserIDs.join(user, "a"), key: "k")
            let plain = IdempotencyKey(user: user, key: "a:k")
            let escaped = IdempotencyKey(user: UserIDs.join(user, "a", by: "%3A"), key: "k")
            for key in [colon, plain, escaped] {
                let reservation = try await fixture.idempotency.reserve(fresh(key))
                #expect(reservation == .reserved)
            }
        }
    }
}
