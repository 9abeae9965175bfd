import EventLoop
import Testing

@testable import WorkflowState

@Suite(.timeLimit(.minutes(1))) @Loop struct IdempotencyStoreTests {
    private func reserved(_ reservation: Reservation) throws -> IdempotencyLease {
        guard case .reserved(let lease) = reservation else { throw NotReserved() }
        return lease
    }

    private struct NotReserved: Error {}

    @Test(arguments: Driver.available) func theLifeOfAKey(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let store = world.idempotency
            let key = IdempotencyKey(user: world.user(), key: "k")
            let lease = try reserved(try await store.reserve(key, fingerprint: "f"))
            #expect(try await store.reserve(key, fingerprint: "f") == .inFlight)
            #expect(try await store.reserve(key, fingerprint: "g") == .mismatch)
            let response: [UInt8] = [0, 255, 13, 10]
            #expect(try await store.complete(lease, response: response))
            #expect(try await store.reserve(key, fingerprint: "f") == .replay(response))
            #expect(try await store.reserve(key, fingerprint: "g") == .mismatch)
            try await store.release(lease)
            #expect(try await store.reserve(key, fingerprint: "f") == .replay(response))
        }
    }

    @Test(arguments: Driver.available) func aReleasedKeyIsFree(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let key = IdempotencyKey(user: world.user(), key: "k")
            let lease = try reserved(try await world.idempotency.reserve(key, fingerprint: "f"))
            try await world.idempotency.release(lease)
            _ = try reserved(try await world.idempotency.reserve(key, fingerprint: "g"))
            try await world.idempotency.release(lease)
            #expect(try await world.idempotency.reserve(key, fingerprint: "g") == .inFlight)
        }
    }

    @Test(arguments: Driver.available) func aLeaseThatRanOut(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let key = IdempotencyKey(user: world.user(), key: "k")
            let slow = try reserved(try await world.idempotency.reserve(key, fingerprint: "f"))
            try await world.forget(key)
            let second = try reserved(try await world.idempotency.reserve(key, fingerprint: "f"))
            #expect(try await !world.idempotency.complete(slow, response: [1]))
            #expect(try await world.idempotency.complete(second, response: [2]))
            #expect(try await world.idempotency.reserve(key, fingerprint: "f") == .replay([2]))

            let other = IdempotencyKey(user: world.user(), key: "k")
            let alone = try reserved(try await world.idempotency.reserve(other, fingerprint: "f"))
            try await world.forget(other)
            #expect(try await world.idempotency.complete(alone, response: [3]))
            #expect(try await world.idempotency.reserve(other, fingerprint: "f") == .replay([3]))
        }
    }

    @Test(arguments: Driver.available) func usersDoNotShareKeys(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let user = world.user()
            let colon = IdempotencyKey(user: UserIDs.join(user, "a"), key: "k")
            let plain = IdempotencyKey(user: user, key: "a:k")
            _ = try reserved(try await world.idempotency.reserve(colon, fingerprint: "f"))
            _ = try reserved(try await world.idempotency.reserve(plain, fingerprint: "f"))
            let escaped = IdempotencyKey(user: UserIDs.join(user, "a", by: "%3A"), key: "k")
            _ = try reserved(try await world.idempotency.reserve(escaped, fingerprint: "f"))
        }
    }
}
