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

@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct HubSessionTests {
    let ada = UserID("ada")!
    let separator = "\u{1e}"

    private func connected(_ replica: Replica, _ user: String = "ada") async throws -> (Session, Recorder) {
        let (session, tab) = replica.open(user, .signalR)
        session.hear(#"{"protocol":"json","version":1}"# + separator)
        try await eventually("it is live") { session.isLive }
        return (session, tab)
    }

    /// The answer to a call of the hub.
    private func call(
        _ session: Session, _ tab: Recorder, _ target: String, _ argument: String
    ) async throws -> JSONValue {
        session.hear(
            #"{"type":1,"invocationId":"7","target":"\#(target)","arguments":[\#(argument)]}"# + separator)
        var answer: JSONValue?
        try await eventually("the completion") {
            answer = tab.texts.compactMap { try? JSONValue(parsing: String($0.dropLast())) }
                .last { $0["type"] == 3 }
            return answer != nil
        }
        return try #require(answer)
    }

    @Test func theHandshakeIsAnswered() async throws {
        let replica = try Replica()
        let (_, tab) = try await connected(replica)
        #expect(tab.texts == ["{}" + separator])
    }

    @Test(arguments: [
        #"{"protocol":"messagepack","version":1}"#, #"{"protocol":"json","version":9}"#, "{}",
    ])
    func aWrongHandshakeIsRefusedInWords(_ text: String) async throws {
        let replica = try Replica()
        let (session, tab) = replica.open("ada", .signalR)
        session.hear(text + separator)
        #expect(tab.texts.first?.hasPrefix(#"{"error":"#) == true)
        #expect(tab.end?.code == .protocolError)
    }

    @Test(arguments: ["", "{}", "junk\u{1e}", "[]\u{1e}"])
    func whatIsNoMessageEndsTheSession(_ text: String) async throws {
        let replica = try Replica()
        let (session, tab) = replica.open("ada", .signalR)
        session.hear(text)
        #expect(tab.end?.code == .protocolError)
    }

    /// A client that is told it is connected misses nothing from then on.
    @Test func theHandshakeIsAnsweredWhenUpdatesWillArrive() async throws {
        let state = MemoryState()
        let channels = SlowChannels(state)
        let replica = try Replica(state, channels: channels)
        let (session, tab) = replica.open("ada", .signalR)
        let ping = #"{"type":1,"invocationId":"1","target":"Ping","arguments":[]}"# + separator
        session.hear(#"{"protocol":"json","version":1}"# + separator + ping)
        try await settle()
        #expect(tab.texts.isEmpty && session.isSubscribing)
        channels.confirm()
        try await eventually("it is live") { session.isLive }
        #expect(
            tab.texts == ["{}" + separator, #"{"type":3,"invocationId":"1","result":"pong"}"# + separator])
    }

    @Test func aRefusalIsTheHandshakeResponse() async throws {
        var policy = SubscriptionRegistry.Policy()
        policy.sessionsPerUser = 1
        let replica = try Replica(policy: policy)
        _ = try await connected(replica)
        let (session, tab) = replica.open("ada", .signalR)
        session.hear(#"{"protocol":"json","version":1}"# + separator)
        #expect(tab.texts == [#"{"error":"too many sessions of this user"}"# + separator])
        #expect(tab.end?.code == .policyViolation)
    }

    @Test func lostUpdatesEndTheConnection() async throws {
        let replica = try Replica()
        let (_, tab) = try await connected(replica)
        replica.state.flush()
        replica.state.dropConnections()
        try await eventually("the end") { tab.end?.code == .tryAgainLater }
        #expect(tab.texts.last == "{\"type\":7,\"allowReconnect\":true}" + separator)
    }

    @Test func updatesAreNotifications() async throws {
        let replica = try Replica()
        let (_, tab) = try await connected(replica)
        _ = try await replica.mailboxes.deliver([MailboxDelivery(to: ada, update(9, .failed))])
        let id = update(9).correlationID
        #expect(
            tab.texts.last == #"{"type":1,"target":"Notification","arguments":[{"correlationId":{"value":""#
                + "\(id)" + #""},"status":3,"orderId":9}]}"# + separator)
    }

    @Test func severalMessagesInOneFrameAreHandled() async throws {
        let replica = try Replica()
        let (session, tab) = replica.open("ada", .signalR)
        let ping = #"{"type":1,"invocationId":"1","target":"Ping","arguments":[]}"# + separator
        session.hear(#"{"protocol":"json","version":1}"# + separator + ping + #"{"type":6}"# + separator)
        try await eventually("it is live") { session.isLive }
        #expect(tab.texts.last == #"{"type":3,"invocationId":"1","result":"pong"}"# + separator)
    }

    @Test func onlyTheOwnerSubscribesAndReads() async throws {
        let replica = try Replica()
        let id = update(5).correlationID
        try await replica.workflows.accept(
            Acceptance(correlationID: id, owner: ada, orderID: update(5).orderID, pending: []))
        let (owner, tab) = try await connected(replica)
        let (otherUser, other) = try await connected(replica, "bob")
        let plain = "\"\(id)\""
        let wrapped = #"{"value":"\#(id)"}"#
        #expect(try await call(owner, tab, "RegisterOrder", plain)["error"] == nil)
        #expect(try await call(otherUser, other, "RegisterOrder", wrapped)["error"] == "Unknown order")
        #expect(try await replica.workflows.owners(of: [id]).map(\.?.user) == [ada])
    }

    @Test func theStatusIsANumber() async throws {
        let replica = try Replica()
        let id = update(5).correlationID
        try await replica.workflows.accept(
            Acceptance(correlationID: id, owner: ada, orderID: update(5).orderID, pending: []))
        let (session, tab) = try await connected(replica)
        let answer = try await call(session, tab, "GetCurrentStatus", #"{"value":"\#(id)"}"#)
        #expect(answer["result"]?["status"] == 0 && answer["result"]?["orderId"] == 5)
        let (other, otherTab) = try await connected(replica, "bob")
        #expect(try await call(other, otherTab, "GetCurrentStatus", "\"\(id)\"")["result"]?.isNull == true)
    }

    @Test(arguments: [
        ("GetCurrentStatus", "\"x\"", "Invalid correlationId"),
        ("RegisterOrder", "7", "Invalid correlationId"),
        ("Dance", "", "Unknown hub method 'Dance'"),
    ])
    func errorsAreCompletions(_ target: String, _ argument: String, _ error: String) async throws {
        let replica = try Replica()
        let (session, tab) = try await connected(replica)
        #expect(try await call(session, tab, target, argument)["error"]?.string == error)
        #expect(tab.end == nil)
    }

    @Test func aQuietSessionGetsPingsAndASilentClientIsClosed() async throws {
        var limits = SessionLimits()
        limits.keepAlive = 2
        limits.clientTimeout = 6
        let replica = try Replica(limits: limits)
        let (session, tab) = try await connected(replica)
        for _ in 0..<4 { replica.sessions.tick() }
        #expect(tab.texts.contains(#"{"type":6}"# + separator) && tab.end == nil)
        session.hear(#"{"type":6}"# + separator)
        for _ in 0..<5 { replica.sessions.tick() }
        #expect(tab.end == nil)
        for _ in 0..<5 { replica.sessions.tick() }
        #expect(tab.end?.code == .goingAway)
    }
}
