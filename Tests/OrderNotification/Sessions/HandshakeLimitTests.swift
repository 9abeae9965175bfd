import EventLoop
import HTTP
import Service
import TestSupport
import Testing

@testable import OrderNotification

@Loop @Suite(.endsItsSessions) struct HandshakeLimitTests {
    @Test func ratesAndSessionsOfOneAddressAreLimited() throws {
        var limits = SessionLimits()
        limits.handshakesPerAddress = RateLimit(burst: 4, perSecond: 1)
        limits.sessionsPerAddress = 2
        let replica = try Replica(limits: limits)
        let address = try #require(IPAddress("192.0.2.7"))
        for _ in 0..<2 {
            try replica.sessions.admit(address)
            let session = Session(.native, replica.sessions, HandshakeContext(nil, .latest), address: address)
            session.opened(on: Recorder())
        }
        #expect(throws: SessionRegistry.AdmissionError.address) { try replica.sessions.admit(address) }
        replica.sessions.all[0].disconnected(.normal)
        try replica.sessions.admit(address)
        try replica.sessions.admit(address)
        #expect(throws: SessionRegistry.AdmissionError.rate) { try replica.sessions.admit(address) }
        try replica.sessions.admit(IPAddress("192.0.2.8"))
    }

    @Test func theHandshakeRateOfAReplicaIsLimited() throws {
        var limits = SessionLimits()
        limits.handshakes = RateLimit(burst: 2, perSecond: 1)
        let replica = try Replica(limits: limits)
        try replica.sessions.admit(nil)
        try replica.sessions.admit(nil)
        #expect(throws: SessionRegistry.AdmissionError.rate) { try replica.sessions.admit(nil) }
    }
}
