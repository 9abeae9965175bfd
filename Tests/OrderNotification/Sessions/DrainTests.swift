import EventLoop
import HTTP
import JSON
import TestSupport
import Testing

@testable import OrderNotification

@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct DrainTests {
    @Test func drainingTellsEverySessionWhenToReconnect() async throws {
        var limits = SessionLimits()
        limits.drainTime = .milliseconds(200)
        let replica = try Replica(limits: limits)
        let tabs = (0..<300).map { replica.open("user-\($0)") }
        try await eventually("the welcomes") { tabs.allSatisfy { $0.0.isLive } }
        replica.sessions.beginDrain()
        try await eventually("the hints") { tabs.allSatisfy { !$0.1.messages("draining").isEmpty } }
        let hints = tabs.compactMap { $0.1.messages("draining")[0]["retryAfterMs"]?.int }
        #expect(Set(hints).count > 50, "the hints are spread")
        #expect(tabs.contains { $0.1.end == nil }, "the closes are paced")
        try await eventually("the closes") { tabs.allSatisfy { $0.1.end?.code == .goingAway } }
        let (_, late) = replica.open("ada")
        #expect(late.end?.code == .goingAway)
        #expect(throws: SessionRegistry.AdmissionError.draining) { try replica.sessions.admit(nil) }
    }

    @Test func drainingTellsHubsAndStreams() async throws {
        let replica = try Replica()
        let (hub, hubTab) = replica.open("ada", .signalR)
        hub.hear("{\"protocol\":\"json\",\"version\":1}\u{1e}")
        let (_, stream) = replica.open("ada", .events)
        try await eventually("the welcomes") { hub.isLive && !stream.texts.isEmpty }
        replica.sessions.beginDrain()
        try await eventually("the ends") { hubTab.end != nil && stream.end != nil }
        #expect(hubTab.texts.last == "{\"type\":7,\"allowReconnect\":true}\u{1e}")
        #expect(stream.texts.contains { $0.contains("event: draining") })
        #expect(stream.texts.last?.contains("event: closed") == true)
    }
}
