import EventLoop
import Testing

@testable import WorkflowState

@Suite(.timeLimit(.minutes(1))) @Loop struct IdempotencyStoreTests {
    private func reserved(_ reservation: Reservation) throws -> IdempotencyLease {
        guard case .reserved(let lease) = reservation else { throw NotReserved() }
        return lease
    }

    private func resumed(_ reservation: Reservation) throws -> IdempotencyLease {
        guard case .resumed(let lease, draft: [7]) = reservation else { throw NotReserved() }
        return lease
    }

    private struct NotReserved: Error {}

    @Test(arguments: Driver.available) func theLifeOfAKey(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let store = world.idempotency
            let key = IdempotencyKey(user: world.user(), key: "k")
            let lease = try reserved(try await store.reserve(key, fingerprint: "f", draft: [7]))
            #expect(try await store.reserve(key, fingerprint: "f", draft: [7]) == .inFlight)
            #expect(try await store.reserve(key, fingerprint: "g", draft: [7]) == .mismatch)
            let response: [UInt8] = [0, 255, 13, 10]
            #expect(try await store.complete(lease, response: response))
            #expect(try await store.reserve(key, fingerprint: "f", draft: [7]) == .replay(response))
            #expect(try await store.reserve(key, fingerprint: "g", draft: [7]) == .mismatch)
            try await store.release(lease)
            #expect(try await store.reserve(key, fingerprint: "f", draft: [7]) == .replay(response))
        }
    }

    @Test(arguments: Driver.available) func aReleasedKeyIsFree(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let key = IdempotencyKey(user: world.user(), key: "k")
            let lease = try reserved(try await world.idempotency.reserve(key, fingerprint: "f", draft: [7]))
            try await world.idempotency.release(lease)
            _ = try reserved(try await world.idempotency.reserve(key, fingerprint: "g", draft: [7]))
            try await world.idempotency.release(lease)
            #expect(try await world.idempotency.reserve(key, fingerprint: "g", draft: [7]) == .inFlight)
        }
    }

    @Test(arguments: Driver.available) func aLeaseThatRanOut(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let key = IdempotencyKey(user: world.user(), key: "k")
            let slow = try reserved(try await world.idempotency.reserve(key, fingerprint: "f", draft: [7]))
            try await world.endLease(key)
            #expect(try await world.idempotency.reserve(key, fingerprint: "g", draft: [8]) == .mismatch)
            let second = try resumed(try await world.idempotency.reserve(key, fingerprint: "f", draft: [8]))
            #expect(try await world.idempotency.reserve(key, fingerprint: "f", draft: [9]) == .inFlight)
            #expect(try await !world.idempotency.complete(slow, response: [1]))
            #expect(try await world.idempotency.complete(second, response: [2]))
            #expect(try await world.idempotency.reserve(key, fingerprint: "f", draft: [7]) == .replay([2]))

            let other = IdempotencyKey(user: world.user(), key: "k")
            let alone = try reserved(try await world.idempotency.reserve(other, fingerprint: "f", draft: [7]))
            try await world.endLease(other)
            #expect(try await world.idempotency.complete(alone, response: [3]))
            #expect(try await world.idempotency.reserve(other, fingerprint: "f", draft: [7]) == .replay([3]))
        }
    }

    @Test(arguments: Driver.available) func usersDoNotShareKeys(driver: Driver) async throws {
        try await with(driver, .test) { world in
            let user = world.user()
            let colon = IdempotencyKey(user: UserIDs.join(user, "a"), key: "k")
            let plain = IdempotencyKey(user: user, key: "a:k")
            _ = try reserved(try await world.idempotency.reserve(colon, fingerprint: "f", draft: [7]))
            _ = try reserved(try await world.idempotency.reserve(plain, fingerprint: "f", draft: [7]))
            let escaped = IdempotencyKey(user: UserIDs.join(user, "a", by: "%3A"), key: "k")
            _ = try reserved(try await world.idempotency.reserve(escaped, fingerprint: "f", draft: [7]))
        }
    }
}
