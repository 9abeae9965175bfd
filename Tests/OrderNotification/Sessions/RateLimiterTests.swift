import EventLoop
import HTTP
import TestSupport
import Testing

@testable import OrderNotification

@Suite struct RateLimiterTests {
    let rate = Rate(burst: 3, perSecond: 10)

    @Test func aBurstAndThenTheRate() {
        var allowance = RateLimiter()
        let start = Instant(nanoseconds: 5_000_000_000)
        var taken = 0
        for _ in 0..<4 where allowance.take(rate, now: start) { taken += 1 }
        #expect(taken == 3)
        // One is free again when the first is paid for.
        for delay in [99, 100, 100, 199, 200] where allowance.take(rate, now: start + .milliseconds(delay)) {
            taken += 1
        }
        #expect(taken == 5)
        #expect(!allowance.isFull(now: start + .milliseconds(499)))
        #expect(allowance.isFull(now: start + .milliseconds(500)))
    }
}

@Loop @Suite(.endsItsSessions) struct HandshakeLimitTests {
    @Test func anAddressHasItsRateAndItsSessions() throws {
        var limits = SessionLimits()
        limits.handshakesPerAddress = Rate(burst: 4, perSecond: 1)
        limits.sessionsPerAddress = 2
        let replica = try Replica(limits: limits)
        let address = "192.0.2.7"
        for _ in 0..<2 {
            try replica.sessions.admit(address)
            let session = Session(.native, replica.sessions, HandshakeContext(nil, .latest), address: address)
            session.opened(on: Recorder())
        }
        #expect(throws: SessionRegistry.Refusal.address) { try replica.sessions.admit(address) }
        replica.sessions.all[0].disconnected(.normal)
        try replica.sessions.admit(address)
        try replica.sessions.admit(address)
        #expect(throws: SessionRegistry.Refusal.rate) { try replica.sessions.admit(address) }
        try replica.sessions.admit("192.0.2.8")
    }

    @Test func theReplicaHasItsRate() throws {
        var limits = SessionLimits()
        limits.handshakes = Rate(burst: 2, perSecond: 1)
        let replica = try Replica(limits: limits)
        try replica.sessions.admit(nil)
        try replica.sessions.admit(nil)
        #expect(throws: SessionRegistry.Refusal.rate) { try replica.sessions.admit(nil) }
    }
}
