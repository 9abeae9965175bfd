import EventLoop
import Foundation
import HTTP
import JSON
import MemoryAdapters
import Observability
import Orders
import Redis
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

/// Many clients at once, with real sockets on a real Redis.
@Loop @Suite(.serialized, .enabled(if: LiveRedis.shared != nil), .timeLimit(.minutes(1)))
struct CrowdTests {
    let name = "crowd-\(UInt64.random(in: 0 ... .max))"

    private func connect(_ replica: LiveReplica, _ user: String, _ query: String = "") async throws -> Tab {
        let tab = Tab()
        let token = try replica.replica.token(user)
        try await WebSocket.connect(
            "ws://127.0.0.1:\(replica.port)/ws?access_token=\(token)\(query)", tab, within: .seconds(10))
        return tab
    }

    /// Connects all, so many at a time, and waits for their welcomes.
    private func connect(
        _ users: [String], to replica: LiveReplica, _ query: @escaping @Sendable (Int) -> String = { _ in "" }
    ) async throws -> [Tab] {
        let tasks = users.enumerated().map { index, user in
            Loop.task { try await connect(replica, user, query(index)) }
        }
        var tabs: [Tab] = []
        for task in tasks { tabs.append(try await task.value) }
        try await eventually("the welcomes", within: .seconds(15)) { tabs.allSatisfy(\.isWelcomed) }
        return tabs
    }

    private func delivery(_ user: String, _ number: Int) -> MailboxDelivery {
        var update = update(number + 1)
        update.correlationID = CorrelationID(
            unixMilliseconds: UInt64(number), randomA: 0, randomB: .random(in: 0 ... .max))
        return MailboxDelivery(to: UserID(user)!, update)
    }

    @Test func aThousandUsersReconnectAtOnceAndMissNothing() async throws {
        let replica = try await LiveReplica(name)
        let users = (0..<1000).map { "\(name)-\($0)" }
        let starts = try await replica.mailboxes.ends(of: users.map { UserID($0)! })
        for first in stride(from: 0, to: 1000, by: 100) {
            _ = try await replica.mailboxes.deliver((first..<first + 100).map { delivery(users[$0], $0) })
        }
        let tabs = try await connect(users, to: replica) { index in
            "&epoch=\(starts[index].epoch)&lastEventId=\(starts[index].offset)"
        }
        try await eventually("what they missed", within: .seconds(15)) {
            tabs.allSatisfy { $0.texts.count >= 3 }
        }
        for tab in tabs {
            #expect(tab.offsets.count == 1 && tab.messages("resumed").first?["recovered"] == true)
        }
        #expect(tabs.allSatisfy { $0.end == nil } && replica.replica.sessions.all.count == 1000)
        await replica.stop()
    }

    /// From the call that publishes an update until its user's tab has it, `count` times.
    private func latencies(_ replica: LiveReplica, _ users: [String], _ tabs: [Tab], _ count: Int)
        async throws -> [Duration]
    {
        var latencies: [Duration] = []
        for number in 0..<count {
            let index = (number * 37) % users.count
            let before = tabs[index].texts.count
            let began = Instant.systemNow()
            _ = try await replica.mailboxes.deliver([delivery(users[index], number)])
            while tabs[index].texts.count == before, began.duration(to: .systemNow()) < .seconds(5) {
                try await Loop.sleep(for: .zero)
            }
            latencies.append(began.duration(to: .systemNow()))
        }
        return latencies.sorted()
    }

    /// An ephemeral update of 16 KiB.
    private static let longUpdate =
        #"{"type":"order.status","correlationId":"0197a000-0000-7000-8000-000000000000","orderId":1,"#
        + #""status":"PROCESSING","occurredAt":"2026-01-01T00:00:00.000Z","pad":""#
        + String(repeating: "x", count: 16 << 10) + #""}"#

    @Test func fiftySlowReadersAreDisconnectedWithoutDelayingOthers() async throws {
        var limits = SessionLimits()
        limits.sessionsPerUser = 50
        limits.output = 64 << 10
        let replica = try await LiveReplica(name, limits: limits)
        let users = (0..<950).map { "\(name)-\($0)" }
        let tabs = try await connect(users, to: replica)
        let token = try replica.replica.token("\(name)-nonReading")
        let nonReading = try (0..<50).map { _ in try NonReadingClient(port: replica.port, token: token) }
        try await eventually("the fifty are here", within: .seconds(10)) {
            replica.replica.sessions.all.count == 1000
                && replica.replica.sessions.all.allSatisfy { $0.isLive }
        }
        let quiet = try await latencies(replica, users, tabs, 200)
        let memory = Self.residentBytes()

        var most = 0
        let flood = Loop.task {
            while !Task.isCancelled,
                replica.replica.count(of: #"waybill_notification_closes_total{code="4508"}"#) ?? 0 < 50
            {
                _ = try? await replica.client.command(
                    "PUBLISH", "notify:user:\(name)-nonReading", Self.longUpdate)
                most = max(most, replica.replica.sessions.pendingOutput)
                try? await Loop.sleep(for: .milliseconds(2))
            }
        }
        let busy = try await latencies(replica, users, tabs, 200)
        try await eventually("the fifty are cut off", within: .seconds(15)) {
            replica.replica.count(of: #"waybill_notification_closes_total{code="4508"}"#) == 50
        }
        flood.cancel()
        await flood.value

        let (before, during) = (quiet[quiet.count * 99 / 100], busy[busy.count * 99 / 100])
        #expect(during < max(before * 4, .milliseconds(100)), "p99 \(before) before, \(during) meanwhile")
        #expect(most <= 50 * (limits.output + (64 << 10)), "\(most) bytes waited")
        #expect(Self.residentBytes() - memory < 32 << 20)
        #expect(tabs.allSatisfy { $0.end == nil } && replica.replica.sessions.all.count == 950)
        for client in nonReading { client.close() }
        await replica.stop()
    }

    private static func residentBytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    @Test func aReplicaWithoutTheUserGetsNoneOfItsUpdates() async throws {
        var replicas: [LiveReplica] = []
        for index in 0..<5 { replicas.append(try await LiveReplica("\(name)-\(index)")) }
        let (here, elsewhere) = ("\(name)-here", "\(name)-elsewhere")
        let first = try await connect([here, here], to: replicas[0])
        let second = try await connect([here], to: replicas[1])
        _ = try await connect([elsewhere], to: replicas[2])
        for number in 0..<20 { _ = try await replicas[4].mailboxes.deliver([delivery(here, number)]) }
        try await eventually("the updates") { (first + second).allSatisfy { $0.offsets.count == 20 } }
        // One wake-up a replica that serves the user, however many tabs there are; none for the others.
        #expect(replicas.map(\.channels.arrived) == [20, 20, 0, 0, 0])
        let counts = try await replicas[4].client.command(
            "PUBSUB", "NUMSUB", "notify:user:\(here)", "notify:user:\(elsewhere)")
        #expect(counts.array?.compactMap(\.integer) == [2, 1])
        for replica in replicas { await replica.stop() }
    }
}

extension Tab {
    /// As ``isWelcome``, without reading every text.
    fileprivate var isWelcomed: Bool { texts.first?.hasPrefix(#"{"type":"welcome""#) == true }
}
