import EventLoop
import HTTP
import MemoryAdapters
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct EventStreamTests {
    let ada = UserID("ada")!

    @Test func eventsCarryTheirPosition() async throws {
        let replica = try Replica()
        let (session, tab) = replica.open("ada", .events)
        try await eventually("it is live") { session.isLive }
        let end = try await replica.mailboxes.ends(of: [ada])[0]
        #expect(tab.texts[0].hasPrefix("id: \(end.epoch):"))
        #expect(tab.texts[0].contains("\nevent: connected\ndata: {\"type\":\"welcome\""))
        let offset = try #require(
            try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])[0].offset)
        #expect(tab.texts[1].hasPrefix("id: \(end.epoch):\(offset)\nevent: order.status\ndata: {"))
        #expect(tab.texts[1].hasSuffix("}\n\n"))
    }

    @Test func theEndOfAStreamIsAnEvent() async throws {
        let replica = try Replica()
        let (session, tab) = replica.open("ada", .events)
        try await eventually("it is live") { session.isLive }
        session.end(.unauthenticated, "token expired")
        #expect(
            tab.texts.last == "event: closed\ndata: {\"code\":4401,\"reason\":\"token expired\"}\n\n")
        #expect(replica.sessions.all.isEmpty)
    }
}
