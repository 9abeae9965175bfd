import EventLoop
import HTTP
import JSON
import MemoryAdapters
import OrderRecords
import Orders
import Service
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct NativeSessionTests {
    let ada = UserID("ada")!

    /// A session that was welcomed.
    private func live(_ replica: Replica, _ user: String = "ada", lifetime: Int = 600) async throws -> (
        Session, Recorder
    ) {
        let (session, tab) = replica.open(user, lifetime: lifetime)
        try await eventually("the welcome") { session.isLive }
        return (session, tab)
    }

    @Test func aSessionGetsItsGreetingAndUpdates() async throws {
        let replica = try Replica()
        let (_, tab) = try await live(replica)
        let welcome = try #require(tab.messages("welcome").first)
        #expect(welcome["replica"] == "replica-1" && welcome["userId"] == "ada")
        #expect(welcome["connectionId"]?.string?.count == 16)
        let offsets = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(7))])
        #expect(tab.offsets == offsets.compactMap { $0.offset.map(Int.init) })
        let update = try #require(tab.messages("order.status").first)
        #expect(update["orderId"] == 7 && update["status"] == "COMPLETED")
        #expect(update["id"]!.int! > welcome["lastEventId"]!.int!)
    }

    @Test(arguments: [WireProtocol.native, .events, .signalR])
    func theHandshakeWaitsALittleForTheWelcome(_ wireProtocol: WireProtocol) async throws {
        let state = MemoryState()
        let channels = SlowChannels(state)
        let replica = try Replica(state, channels: channels)
        let (session, tab) = replica.open("ada", wireProtocol)
        if wireProtocol == .signalR { session.hear("{\"protocol\":\"json\",\"version\":1}\u{1e}") }
        #expect(tab.isHeld == (wireProtocol != .signalR) && session.isSubscribing)
        try await settle()
        channels.confirm()
        try await eventually("the welcome") { session.isLive }
        #expect(!tab.isHeld)
        // While Redis is away, not longer than a second.
        let (late, lateTab) = replica.open("bob", wireProtocol)
        replica.sessions.tick()
        #expect(!lateTab.isHeld && !late.isLive)
    }

    @Test func deliveryIsMeasuredOnceWhereASessionGetsIt() async throws {
        let replica = try Replica()
        let (session, _) = try await live(replica)
        _ = try await live(replica)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(1))])
        #expect(replica.count(of: "waybill_notification_delivery_seconds_count") == 1)
        for session in replica.sessions.all { session.disconnected(.normal) }
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(2))])
        #expect(replica.count(of: "waybill_notification_delivery_seconds_count") == 1 && !session.isOpen)
    }

    @Test func tabsOnTwoReplicasGetUpdatesAndOtherUsersDoNot() async throws {
        let first = try Replica()
        let second = try Replica(first.state, name: "replica-2")
        let tabs = [try await live(first).1, try await live(first).1, try await live(second).1]
        let (_, other) = try await live(second, "bob")
        _ = try await first.mailboxes.deliver([
            MailboxDelivery(to: ada, update(1)), MailboxDelivery(to: ada, update(2)),
        ])
        for tab in tabs { #expect(tab.offsets.count == 2) }
        #expect(other.offsets.isEmpty)
    }

    @Test func processingUpdatesHaveNoPosition() async throws {
        let replica = try Replica()
        let (_, tab) = try await live(replica)
        var step = WorkflowStep(
            .processing, correlationID: update(3).correlationID, orderID: update(3).orderID, owner: ada)
        step.announcedAt = Timestamp(milliseconds: 0)
        try await replica.workflows.accept(
            Acceptance(
                correlationID: step.correlationID, owner: ada, orderID: step.orderID, pending: []))
        _ = try await replica.workflows.advance([step])
        let update = try #require(tab.messages("order.status").first)
        #expect(update["status"] == "PROCESSING" && update["id"] == nil)
    }

    @Test func processingCanBeTurnedOff() async throws {
        var policy = SubscriptionRegistry.Policy()
        policy.deliversEphemeral = false
        let replica = try Replica(policy: policy)
        let (_, tab) = try await live(replica)
        var step = WorkflowStep(
            .processing, correlationID: update(3).correlationID, orderID: update(3).orderID, owner: ada)
        step.announcedAt = Timestamp(milliseconds: 0)
        try await replica.workflows.accept(
            Acceptance(
                correlationID: step.correlationID, owner: ada, orderID: step.orderID, pending: []))
        _ = try await replica.workflows.advance([step])
        #expect(tab.messages("order.status").isEmpty)
    }

    @Test func aFirstFrameMayBringTheToken() async throws {
        let replica = try Replica()
        let (session, tab) = replica.open(nil)
        session.hear(#"{"type":"status","correlationId":"x"}"#)
        #expect(tab.messages("error").first?["code"] == "not_ready")
        session.hear(#"{"type":"auth","token":"\#(try replica.token("ada"))"}"#)
        try await eventually("the welcome") { session.isLive }
        #expect(session.user == ada)
        session.hear(#"{"type":"auth","token":"x"}"#)
        #expect(tab.messages("error").last?["code"] == "already_authenticated")
    }

    @Test func aBadTokenEndsTheSession() async throws {
        let replica = try Replica()
        let (session, tab) = replica.open(nil)
        session.hear(#"{"type":"auth","token":"nonsense"}"#)
        try await eventually("the end") { tab.end != nil }
        #expect(tab.end?.code == .unauthenticated)
    }

    @Test func aClientThatSendsNoTokenIsDisconnected() async throws {
        var limits = SessionLimits()
        limits.handshaking = .zero
        let replica = try Replica(limits: limits)
        let (_, tab) = replica.open(nil)
        replica.sessions.tick()
        #expect(tab.end?.code == .authenticationTimeout)
    }

    @Test func withoutRedisSessionsWaitThenClose() async throws {
        var limits = SessionLimits()
        limits.subscribing = .zero
        let replica = try Replica(limits: limits)
        replica.state.fault = WorkflowStateError(.unavailable, isRetriable: true)
        let (session, tab) = replica.open("ada")
        #expect(session.isSubscribing)
        replica.sessions.tick()
        #expect(tab.end?.code == .tryAgainLater)
    }

    @Test func aSessionEndsWithItsToken() async throws {
        let replica = try Replica()
        let now = WallClock.seconds()
        let (_, tab) = try await live(replica, lifetime: 100)
        replica.sessions.tick(now + 99)
        #expect(tab.end == nil)
        replica.sessions.tick(WallClock.seconds() + 102)
        #expect(tab.end?.code == .unauthenticated)
    }

    @Test func aTokenAcceptedWithinTheLeewayLastsForTheRestOfIt() async throws {
        let replica = try Replica()
        let (session, tab) = try await live(replica, lifetime: -10)
        replica.sessions.tick()
        #expect(tab.end == nil && session.expiresAt > WallClock.seconds())
        replica.sessions.tick(WallClock.seconds() + 21)
        #expect(tab.end?.code == .unauthenticated)
    }

    @Test func aNewTokenOfTheSameUserExtendsTheSession() async throws {
        let replica = try Replica()
        let (session, tab) = try await live(replica, lifetime: 100)
        session.hear(#"{"type":"refresh","token":"\#(try replica.token("ada", lifetime: 900))"}"#)
        try await eventually("the answer") { !tab.messages("refreshed").isEmpty }
        replica.sessions.tick(WallClock.seconds() + 500)
        #expect(tab.end == nil)
    }

    @Test func aTokenOfAnotherUserEndsTheSession() async throws {
        let replica = try Replica()
        let (session, tab) = try await live(replica)
        session.hear(#"{"type":"refresh","token":"\#(try replica.token("bob"))"}"#)
        try await eventually("the end") { tab.end != nil }
        #expect(tab.end?.code == .otherUser)
    }

    @Test func onlyTheOwnerGetsAStatus() async throws {
        let replica = try Replica()
        let id = update(5).correlationID
        try await replica.workflows.accept(
            Acceptance(correlationID: id, owner: ada, orderID: update(5).orderID, pending: []))
        let (owner, tab) = try await live(replica)
        let (otherUser, other) = try await live(replica, "bob")
        for session in [owner, otherUser] { session.hear(#"{"type":"status","correlationId":"\#(id)"}"#) }
        try await eventually("the answers") {
            !tab.messages("status").isEmpty && !other.messages("error").isEmpty
        }
        #expect(tab.messages("status")[0]["status"] == "ACCEPTED")
        #expect(other.messages("error")[0]["code"] == "not_found")
    }

    /// PostgreSQL answers then.
    @Test func theStatusOfAForgottenOrderIsFound() async throws {
        let replica = try Replica()
        let (owner, tab) = try await live(replica)
        let (otherUser, other) = try await live(replica, "bob")
        func ask(_ number: Int, _ session: Session) {
            session.hear(#"{"type":"status","correlationId":"\#(update(number).correlationID)"}"#)
        }
        replica.records.owners[update(5).correlationID] = OrderOwner(
            ada, orderID: update(5).orderID, status: .completed)
        replica.records.owners[update(6).correlationID] = OrderOwner(
            ada, orderID: update(6).orderID, status: nil)
        replica.records.owners[update(7).correlationID] = OrderOwner(
            ada, orderID: update(7).orderID, status: .completed, isDeleted: true)
        for number in 5...7 { ask(number, owner) }
        ask(5, otherUser)
        try await eventually("the answers") {
            tab.messages("status").count == 2 && tab.messages("error").count == 1
                && !other.messages("error").isEmpty
        }
        #expect(tab.messages("status").map { $0["status"] } == ["COMPLETED", "ACCEPTED"])
        #expect(tab.messages("status").map { $0["orderId"] } == [5, 6])
        #expect(
            (tab.messages("error") + other.messages("error")).map { $0["code"] } == [
                "not_found", "not_found",
            ])
        replica.records.fault = OrderRecordsError(.unavailable, "away")
        ask(8, owner)
        try await eventually("the fault") { tab.messages("error").count == 2 }
        #expect(tab.messages("error")[1]["code"] == "unavailable")
    }

    @Test func aSessionAsksForAFewOrdersAtOnce() async throws {
        let replica = try Replica()
        let (owner, tab) = try await live(replica)
        let count = Int(SessionLimits.lookups) + 1
        for _ in 0..<2 {
            let before = tab.messages("error").count
            for _ in 0..<count {
                owner.hear(#"{"type":"status","correlationId":"\#(update(5).correlationID)"}"#)
            }
            try await eventually("the answers") { tab.messages("error").count == before + count }
            let codes = tab.messages("error").dropFirst(before).map { $0["code"] }
            #expect(
                codes.filter { $0 == "busy" }.count == 1
                    && codes.filter { $0 == "not_found" }.count == count - 1)
        }
    }

    @Test func unknownFramesAreAnsweredWithAnError() async throws {
        let replica = try Replica()
        let (session, tab) = try await live(replica)
        for text in ["", "[]", "{", #"{"type":7}"#, #"{"type":"dance"}"#, #"{"type":"ping"}"#] {
            session.hear(text)
        }
        let codes = tab.messages("error").map { $0["code"]?.string }
        #expect(codes == ["bad_message", "bad_message", "bad_message", "unknown_type", "unknown_type"])
        #expect(tab.messages("pong").count == 1 && tab.end == nil)
    }

    @Test func tooManyFramesEndTheSession() async throws {
        var limits = SessionLimits()
        limits.frames = RateLimit(burst: 5, perSecond: 1)
        let replica = try Replica(limits: limits)
        let (session, tab) = try await live(replica)
        for _ in 0..<6 { session.hear(#"{"type":"ping"}"#) }
        #expect(tab.end?.code == .rateLimited && tab.messages("pong").count == 5)
    }

    @Test func sessionsOfOneUserAreLimited() async throws {
        var policy = SubscriptionRegistry.Policy()
        policy.sessionsPerUser = 2
        let replica = try Replica(policy: policy)
        let (first, _) = try await live(replica)
        _ = try await live(replica)
        let (_, third) = replica.open("ada")
        #expect(third.end?.code == .policyViolation)
        first.disconnected(.normal)
        _ = try await live(replica)
        #expect(replica.sessions.all.count == 3)
    }
}
