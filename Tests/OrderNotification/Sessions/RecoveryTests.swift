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

    private func liveOverSlowChannels() async throws -> (Replica, SlowChannels, Session, Recorder) {
        let state = MemoryState()
        let channels = SlowChannels(state)
        let replica = try Replica(state, channels: channels)
        let (session, tab) = replica.open("ada")
        try await settle()
        channels.confirm()
        try await eventually("the welcome") { session.isLive }
        return (replica, channels, session, tab)
    }

    @Test func missedUpdatesAreReplayedInOrder() async throws {
        let replica = try Replica()
        let start = try await position(replica)
        let offsets = try await replica.mailboxes.deliver(
            (1...5).map { MailboxDelivery(to: ada, update($0)) })
        let tab = try await live(replica, from: .after(start))
        try await eventually("the replay") { !tab.messages("resumed").isEmpty }
        #expect(tab.offsets == offsets.compactMap { $0.offset.map(Int.init) })
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
    func aPositionOfAnotherEpochIsNotRecovered(_ start: ResumePoint) async throws {
        let replica = try Replica()
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        let tab = try await live(replica, from: start)
        try await eventually("the answer") { !tab.messages("resumed").isEmpty }
        #expect(tab.messages("resumed")[0]["recovered"] == false && tab.offsets.isEmpty)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(2))])
        #expect(tab.offsets.count == 1)
    }

    /// A live session is told what came in a new epoch, after the notice that more may be missing.
    @Test func whatANewEpochHasIsToldAfterTheNotice() async throws {
        let (replica, channels, _, tab) = try await liveOverSlowChannels()
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        channels.arrive()
        try await eventually("the first") { tab.offsets.count == 1 }
        replica.state.changeLineage()
        _ = try await replica.mailboxes.deliver((2...3).map { MailboxDelivery(to: ada, update($0)) })
        channels.reconnect()
        try await eventually("the rest") { tab.offsets.count == 3 }
        #expect(
            tab.messages.compactMap { $0["type"]?.string }.suffix(4)
                == ["order.status", "resumed", "order.status", "order.status"])
        let notice = try #require(tab.messages("resumed").first)
        #expect(notice["recovered"] == false && notice["count"] == 2)
        let next = try #require(notice["lastEventId"]?.int)
        #expect(tab.offsets[0] <= next && tab.offsets[1] > next)
    }

    @Test func sessionsCatchUpAfterALostConnection() async throws {
        let (replica, channels, _, tab) = try await liveOverSlowChannels()
        _ = try await replica.mailboxes.deliver((1...3).map { MailboxDelivery(to: ada, update($0)) })
        channels.reconnect()
        try await eventually("the rest") { tab.offsets.count == 3 }
        #expect(tab.messages("resumed").isEmpty)
    }

    /// The channel is late, as on a replica that was stopped for a while: what it says of an order is older than the mailbox.
    @Test func whatTheMailboxOvertookIsNotToldAfterwards() async throws {
        let (replica, channels, session, tab) = try await liveOverSlowChannels()
        let subscription = try #require(session.subscription)
        func processing(_ number: Int) {
            let update = update(number, .processing)
            let frame = UpdateCodec.frame(offset: nil, suffix: UpdateCodec.payloadSuffix(update))
            subscription.receive(Publication(update: update, offset: nil, frame: frame))
        }
        func told(_ number: Int) -> [String] {
            tab.messages("order.status").filter { $0["orderId"]?.int == number }.compactMap {
                $0["status"]?.string
            }
        }
        // Published, and not here yet.
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        subscription.check()
        replica.subscriptions.tick()
        try await eventually("the outcome") { tab.offsets.count == 1 }
        processing(1)
        processing(2)
        #expect(told(1) == ["COMPLETED"] && told(2) == ["PROCESSING"])
        // The channel has caught up: an order may be replayed from the dead letters.
        channels.arrive()
        processing(1)
        #expect(told(1) == ["COMPLETED", "PROCESSING"])
    }

    /// A message that no delivery published, or one from before the server's clock was set back.
    @Test(arguments: [true, false]) func aMessageFromTheFutureStopsNobodysUpdates(isGap: Bool) async throws {
        let replica = try Replica()
        let (session, tab) = replica.open("ada")
        try await eventually("the welcome") { session.isLive }
        let subscription = try #require(session.subscription)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        let last = try await position(replica).offset
        subscription.receive(
            Publication(
                update: update(9), offset: last + 60_000_000, previous: isGap ? last + 1 : last,
                frame: Array("{}".utf8)))
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(2))])
        replica.subscriptions.tick()
        let steps = Int64(1)...3
        for step in steps {
            replica.subscriptions.tick()
            try await settle()
            _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(Int(2 + step)))])
        }
        try await eventually("the updates") { try await tab.offsets.last == Int(position(replica).offset) }
        #expect(tab.messages("resumed").count == (isGap ? 0 : 1))
        #expect(tab.messages("resumed").allSatisfy { $0["recovered"] == false })
    }

    @Test func lostDataAreReportedToOpenSessions() async throws {
        let replica = try Replica()
        let tab = try await live(replica)
        replica.state.flush()
        replica.state.dropConnections()
        try await eventually("the notice") { !tab.messages("resumed").isEmpty }
        #expect(tab.messages("resumed")[0]["recovered"] == false && tab.end == nil)
    }

    /// A restart, a failover to another server, or back to the first.
    @Test func positionsOfAnotherLineageAreNotRecovered() async throws {
        let replica = try Replica()
        let tab = try await live(replica)
        let before = try await position(replica)
        replica.state.changeLineage()
        replica.state.dropConnections()
        try await eventually("the notice") { !tab.messages("resumed").isEmpty }
        let notice = tab.messages("resumed")[0]
        #expect(notice["recovered"] == false && tab.end == nil)
        let now = try await position(replica)
        #expect(notice["epoch"]?.string == now.epoch.text && notice["lastEventId"]?.int == Int(now.offset))
        #expect(now.epoch != before.epoch)
        let late = try await live(replica, from: .after(before))
        try await eventually("the answer") { !late.messages("resumed").isEmpty }
        #expect(late.messages("resumed")[0]["recovered"] == false)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        #expect(tab.offsets.count == 1 && late.offsets.count == 1)
    }

    /// The new server's clock is behind, so that its offsets are smaller than those of the old epoch.
    @Test func aLiveSubscriptionTakesTheEndOfANewEpoch() async throws {
        let replica = try Replica()
        let tab = try await live(replica)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        replica.state.flush()
        replica.state.advance(by: .seconds(-3600))
        replica.state.dropConnections()
        try await eventually("the notice") { !tab.messages("resumed").isEmpty }
        _ = try await replica.mailboxes.deliver((2...8).map { MailboxDelivery(to: ada, update($0)) })
        try await eventually("the updates") { tab.offsets.count == 8 }
    }

    /// Deleted or evicted: with nothing since, and with one update of two.
    @Test(arguments: [false, true]) func aMailboxThatIsGoneIsReported(hasLaterUpdate: Bool) async throws {
        let replica = try Replica()
        let start = try await position(replica)
        let offset = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])[0].offset
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(2))])
        replica.state.removeMailbox(of: ada)
        if hasLaterUpdate { _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(3))]) }
        for seen in [start.offset, try #require(offset)] {
            let tab = try await live(
                replica, from: .after(MailboxPosition(epoch: start.epoch, offset: seen)))
            try await eventually("the answer") { !tab.messages("resumed").isEmpty }
            #expect(tab.messages("resumed")[0]["recovered"] == false)
        }
    }

    @Test func aCrowdGetsADelayBeforeItFetches() async throws {
        let replica = try Replica()
        var tabs: [Recorder] = []
        for number in 0..<60 {
            let (session, tab) = replica.open("user-\(number)")
            try await eventually("the welcome") { session.isLive }
            tabs.append(tab)
        }
        replica.state.flush()
        replica.state.dropConnections()
        try await eventually("the notices") { tabs.allSatisfy { !$0.messages("resumed").isEmpty } }
        let delays = tabs.compactMap { $0.messages("resumed")[0]["jitterMs"]?.int }
        #expect(delays.count == 60 && delays.allSatisfy { (0...120).contains($0) } && Set(delays).count > 10)
    }

    @Test func aLostPublicationIsFoundByTheNext() async throws {
        let (replica, channels, _, tab) = try await liveOverSlowChannels()
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
