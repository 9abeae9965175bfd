import EventLoop
import HTTP
import JSON
import Observability
import Orders
import Redis
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

@Loop @Suite(.enabled(if: LiveRedis.shared != nil), .timeLimit(.minutes(1)))
struct LiveReplicaTests {
    let name = "live-\(UInt64.random(in: 0 ... .max))"
    var user: UserID { UserID(name)! }

    private func deliveries(_ numbers: ClosedRange<Int>) -> [MailboxDelivery] {
        // The mark of having been delivered is the order's, so each run has orders of its own.
        numbers.map { number in
            var update = update(number)
            update.correlationID = CorrelationID(
                unixMilliseconds: UInt64(number), randomA: 0, randomB: .random(in: 0 ... .max))
            return MailboxDelivery(to: user, update)
        }
    }

    private func with(
        _ count: Int, limits: SessionLimits = SessionLimits(),
        _ body: @Loop ([LiveReplica]) async throws -> Void
    )
        async throws
    {
        var replicas: [LiveReplica] = []
        for index in 0..<count { replicas.append(try await LiveReplica("replica-\(index)", limits: limits)) }
        var failure: (any Error)?
        do { try await body(replicas) } catch { failure = error }
        for replica in replicas { await replica.stop() }
        if let failure { throw failure }
    }

    private func connect(
        _ replica: LiveReplica, _ query: String = "", protocols: [String] = [], headers: HTTPHeaders = [:]
    ) async throws -> (WebSocket, Tab) {
        let tab = Tab()
        let url = "ws://127.0.0.1:\(replica.port)/ws\(query)"
        let socket = try await WebSocket.connect(url, tab, protocols: protocols, headers: headers)
        return (socket, tab)
    }

    @Test func everyTabOnEveryReplicaGetsTheUpdateOnce() async throws {
        try await with(2) { replicas in
            let token = try replicas[0].replica.token(name)
            let tabs = [
                try await connect(replicas[0], headers: ["Authorization": "Bearer \(token)"]),
                try await connect(replicas[1], protocols: ["waybill.v1", "bearer.\(token)"]),
                try await connect(replicas[1], "?access_token=\(token)"),
                try await connect(replicas[0]),
            ]
            tabs[3].0.send(text: #"{"type":"auth","token":"\#(token)"}"#)
            #expect(tabs[1].0.subprotocol == "waybill.v1")
            let other = try await connect(
                replicas[1], "?access_token=\(try replicas[0].replica.token(name + "x"))")
            try await eventually("the welcomes") { (tabs + [other]).allSatisfy { $0.1.isWelcome } }
            let offsets = try await replicas[0].mailboxes.deliver(deliveries(1...20))
            let expected = offsets.compactMap { $0.offset.map(Int.init) }
            try await eventually("the updates") { tabs.allSatisfy { $0.1.offsets.count >= 20 } }
            for (_, tab) in tabs { #expect(tab.offsets == expected) }
            #expect(other.1.offsets.isEmpty)
        }
    }

    @Test func aTabThatReconnectsElsewhereGetsTheMissedUpdates() async throws {
        try await with(2) { replicas in
            let token = try replicas[0].replica.token(name)
            let (socket, first) = try await connect(replicas[0], "?access_token=\(token)")
            try await eventually("the welcome") { first.isWelcome }
            _ = try await replicas[0].mailboxes.deliver(deliveries(1...3))
            try await eventually("some updates") { first.offsets.count == 3 }
            socket.close()
            let missed = try await replicas[0].mailboxes.deliver(deliveries(4...6)).compactMap(\.offset)
            let epoch = try #require(first.messages("welcome")[0]["epoch"]?.string)
            let (_, second) = try await connect(
                replicas[1], "?access_token=\(token)&epoch=\(epoch)&lastEventId=\(first.offsets[2])")
            try await eventually("the rest") { !second.messages("resumed").isEmpty }
            #expect(second.offsets == missed.map(Int.init))
            #expect(second.messages("resumed")[0]["recovered"] == true)
        }
    }

    @Test func aCutConnectionToRedisLosesNothing() async throws {
        try await with(1) { replicas in
            let replica = replicas[0]
            let token = try replica.replica.token(name)
            let (_, tab) = try await connect(replica, "?access_token=\(token)")
            try await eventually("the welcome") { tab.isWelcome }
            var sent: [Int] = []
            for round in 0..<5 {
                if round % 2 == 1 { try await replica.cutRedis() }
                try await replica.client.ready(within: .seconds(5))
                let offsets = try await replica.mailboxes.deliver(deliveries(round * 5 + 1...round * 5 + 5))
                sent += offsets.compactMap { $0.offset.map(Int.init) }
            }
            try await eventually("everything") { tab.offsets.count >= sent.count }
            #expect(tab.offsets == sent && tab.end == nil)
        }
    }

    @Test func onlyReplicasWithTheUsersSessionsSubscribe() async throws {
        try await with(3) { replicas in
            let token = try replicas[0].replica.token(name)
            for replica in replicas[1...] {
                let (_, tab) = try await connect(replica, "?access_token=\(token)")
                try await eventually("the welcome") { tab.isWelcome }
            }
            let channel = "notify:user:\(name)"
            let reply = try await replicas[0].client.command("PUBSUB", "NUMSUB", channel)
            #expect(reply.array?.last?.integer == 2)
        }
    }

    /// An ephemeral update of 16 KiB.
    private static let longUpdate =
        #"{"type":"order.status","correlationId":"0197a000-0000-7000-8000-000000000000","orderId":1,"#
        + #""status":"PROCESSING","occurredAt":"2026-01-01T00:00:00.000Z","pad":""#
        + String(repeating: "x", count: 16 << 10) + #""}"#

    @Test(arguments: ["/ws", "/api/notifications/stream"])
    func whoDoesNotReadIsCutOffAndDelaysNobody(_ path: String) async throws {
        var limits = SessionLimits()
        limits.output = 32 << 10
        try await with(1, limits: limits) { replicas in
            let replica = replicas[0]
            let token = try replica.replica.token(name)
            let (_, tab) = try await connect(replica, "?access_token=\(token)")
            let lazy = try await SlowReader(port: replica.port, path: path, token: token)
            try await eventually("the welcomes") { tab.isWelcome && lazy.isWelcome }
            lazy.stopReading()
            @Loop func isCutOff() -> Bool {
                replica.replica.count(of: "waybill_notification_closes_total{code=\"4508\"}") == 1
            }
            let welcomes = tab.texts.count
            var sent = 0
            // More than what the kernel takes for one who does not read, which may be ten megabytes.
            while sent < 2000, !isCutOff() {
                for _ in 0..<20 {
                    _ = try await replica.client.command("PUBLISH", "notify:user:\(name)", Self.longUpdate)
                }
                sent += 20
                try await eventually("the other is told") { tab.texts.count == welcomes + sent }
            }
            // Its close is counted once it has had the time to answer it.
            try await eventually("the lazy one is cut off", within: .seconds(30)) { isCutOff() }
            #expect(tab.end == nil)
        }
    }

    @Test func streamsAndHubsGetUpdates() async throws {
        try await with(1) { replicas in
            let replica = replicas[0]
            let token = try replica.replica.token(name)
            let hub = Tab()
            let socket = try await WebSocket.connect(
                "ws://127.0.0.1:\(replica.port)/hubs/order-status?access_token=\(token)", hub)
            socket.send(text: "{\"protocol\":\"json\",\"version\":1}\u{1e}")
            let http = HTTPClient()
            let stream = try await http.stream(
                .get, "http://127.0.0.1:\(replica.port)/api/notifications/stream",
                headers: ["Authorization": "Bearer \(token)"])
            #expect(stream.headers["X-Accel-Buffering"] == "no")
            var events = ""
            while !events.contains("event: connected") {
                events += String(decoding: try await stream.body.next() ?? [], as: UTF8.self)
            }
            try await eventually("both are live") {
                replica.replica.sessions.all.allSatisfy { $0.isLive }
            }
            _ = try await replica.mailboxes.deliver(deliveries(1...1))
            while !events.contains("event: order.status") {
                events += String(decoding: try await stream.body.next() ?? [], as: UTF8.self)
            }
            try await eventually("the notification") { hub.texts.contains { $0.contains("Notification") } }
            stream.body.cancel()
            socket.close()
            try await eventually("both are gone") { replica.replica.sessions.all.isEmpty }
            // A stream has no close frame, and closing the connection is not an error.
            #expect(replica.replica.count(of: "waybill_notification_closes_total{code=\"1000\"}") == 2)
        }
    }
}
