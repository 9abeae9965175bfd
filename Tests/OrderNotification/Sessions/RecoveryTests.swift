import EventLoop
import HTTP
import JSON
import MemoryAdapters
import Observability
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct RecoveryTests {
    let ada = UserID("ada")!

    private func position(_ replica: Replica) async throws -> MailboxPosition {
        try await replica.mailboxes.ends(of: [ada])[0]
    }

    private func live(_ replica: Replica, from start: ResumePoint = .latest) async throws -> Recorder {
        let (session, tab) = replica.open("ada", from: start)
        try await eventually("the welcome") { session.isLive }
        return tab
    }

    @Test func missedUpdatesAreReplayedInOrder() async throws {
        let replica = try Replica()
        let start = try await position(replica)
        let offsets = try await replica.mailboxes.deliver(
            (1...5).map { MailboxDelivery(to: ada, update($0)) })
        let tab = try await live(replica, from: .after(start))
        try await eventually("the replay") { !tab.messages("resumed").isEmpty }
        #expect(tab.offsets == offsets.compactMap { $0.map(Int.init) })
        #expect(tab.messages.map { $0["type"] }.first == "welcome")
        #expect(tab.messages.last?["recovered"] == true && tab.messages.last?["count"] == 5)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(6))])
        #expect(tab.offsets.count == 6)
    }

    @Test func aTrimmedMailboxIsReported() async throws {
        var retention = Retention()
        retention.mailboxCap = 3
        let replica = try Replica(retention: retention)
        let start = try await position(replica)
        _ = try await replica.mailboxes.deliver((1...5).map { MailboxDelivery(to: ada, update($0)) })
        let tab = try await live(replica, from: .after(start))
        try await eventually("the replay") { !tab.messages("resumed").isEmpty }
        #expect(tab.messages("resumed")[0]["recovered"] == false && tab.offsets.count == 3)
    }

    @Test(arguments: [ResumePoint.unrecoverable, .after(MailboxPosition(epoch: Epoch("other")!, offset: 1))])
    func aPositionOfAnotherLifeIsConfessed(_ start: ResumePoint) async throws {
        let replica = try Replica()
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        let tab = try await live(replica, from: start)
        try await eventually("the answer") { !tab.messages("resumed").isEmpty }
        #expect(tab.messages("resumed")[0]["recovered"] == false && tab.offsets.isEmpty)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(2))])
        #expect(tab.offsets.count == 1)
    }

    @Test func sessionsCatchUpAfterALostConnection() async throws {
        let state = MemoryState()
        let channels = SlowChannels(state)
        let replica = try Replica(state, channels: channels)
        let (session, tab) = replica.open("ada")
        try await settle()
        channels.confirm()
        try await eventually("the welcome") { session.isLive }
        _ = try await replica.mailboxes.deliver((1...3).map { MailboxDelivery(to: ada, update($0)) })
        channels.reconnect()
        try await eventually("the rest") { tab.offsets.count == 3 }
        #expect(tab.messages("resumed").isEmpty)
    }

    @Test func lostDataAreReportedToOpenSessions() async throws {
        let replica = try Replica()
        let tab = try await live(replica)
        replica.state.flush()
        replica.state.dropConnections()
        try await eventually("the confession") { !tab.messages("resumed").isEmpty }
        #expect(tab.messages("resumed")[0]["recovered"] == false && tab.end == nil)
    }

    @Test func afterAFailoverPositionsAreInvalid() async throws {
        let replica = try Replica()
        let tab = try await live(replica)
        let before = try await position(replica)
        replica.subscriptions.primaryChanged(to: "first:1")
        try await eventually("it is noted") { replica.state.primary == "first:1" }
        replica.subscriptions.primaryChanged(to: "second:2")
        try await eventually("the confession") { !tab.messages("resumed").isEmpty }
        #expect(tab.messages("resumed")[0]["recovered"] == false && tab.end == nil)
        let late = try await live(replica, from: .after(before))
        try await eventually("the answer") { !late.messages("resumed").isEmpty }
        #expect(late.messages("resumed")[0]["recovered"] == false)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        #expect(tab.offsets.count == 1 && late.offsets.count == 1)
    }

    /// Nobody who saw the last holder is left: the mailboxes themselves remember it.
    @Test func aFailoverIsDetectedByReplicasThatStartLater() async throws {
        let state = MemoryState()
        let gone = try Replica(state)
        gone.subscriptions.primaryChanged(to: "first:1")
        try await eventually("it is noted") { state.primary == "first:1" }
        let before = try await position(gone)
        let replica = try Replica(state)
        replica.subscriptions.primaryChanged(to: "second:2")
        try await eventually("it is noted") { state.primary == "second:2" }
        let late = try await live(replica, from: .after(before))
        try await eventually("the answer") { !late.messages("resumed").isEmpty }
        #expect(late.messages("resumed")[0]["recovered"] == false)
        replica.subscriptions.primaryChanged(to: "second:2")
        let after = try await position(replica)
        #expect(after.epoch != before.epoch)
        let again = try await live(replica, from: .after(after))
        try await eventually("the answer") { !again.messages("resumed").isEmpty }
        #expect(again.messages("resumed")[0]["recovered"] == true)
    }

    @Test func aLostPublicationIsFoundByTheNext() async throws {
        let state = MemoryState()
        let channels = SlowChannels(state)
        let replica = try Replica(state, channels: channels)
        let (session, tab) = replica.open("ada")
        try await settle()
        channels.confirm()
        try await eventually("the welcome") { session.isLive }
        _ = try await replica.mailboxes.deliver([
            MailboxDelivery(to: ada, update(1)), MailboxDelivery(to: ada, update(2)),
        ])
        channels.lose()
        channels.arrive()
        try await eventually("both") { tab.offsets.count == 2 }
        #expect(replica.metrics.gaps.value == 1)
    }

    @Test func aLostPublicationIsFoundWithoutAnother() async throws {
        var policy = SubscriptionRegistry.Policy()
        policy.checkInterval = .seconds(2)
        let state = MemoryState()
        let channels = SlowChannels(state)
        let replica = try Replica(state, policy: policy, channels: channels)
        let (session, tab) = replica.open("ada")
        try await settle()
        channels.confirm()
        try await eventually("the welcome") { session.isLive }
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        channels.lose()
        try await settle()
        #expect(tab.offsets.isEmpty)
        // Each user's turn comes within the interval, a tick being a second.
        for _ in 0..<2 { replica.sessions.tick() }
        try await eventually("the update") { tab.offsets.count == 1 }
        #expect(tab.messages("resumed").isEmpty && tab.end == nil)
    }

    @Test func aSubscriptionOutlivesTheLastSession() async throws {
        var policy = SubscriptionRegistry.Policy()
        policy.unsubscribeDelay = .zero
        let replica = try Replica(policy: policy)
        let (session, _) = replica.open("ada")
        try await eventually("the welcome") { session.isLive }
        session.disconnected(.normal)
        #expect(replica.subscriptions.count == 1 && replica.sessions.all.isEmpty)
        replica.sessions.tick()
        #expect(replica.subscriptions.count == 0)
    }
}
