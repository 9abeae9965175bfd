import EventLoop
import Foundation
import HTTP
import JSON
import Observability
import Orders
import Redis
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

/// A Redis of its own, which the test may restart and empty.
@Loop @Suite(.serialized, .enabled(if: LiveRedis.shared != nil), .timeLimit(.minutes(1)))
struct OutageTests {
    let name = "outage-\(UInt64.random(in: 0 ... .max))"
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private func servers(_ words: String..., in folder: String) async throws {
        let result = try await Program.run(
            ["infra/local/bin/servers", words[0], "--dir", folder] + words.dropFirst(), in: Self.repository,
            within: .seconds(20))
        try #require(result.status == 0, "\(result.errors)")
    }

    /// A replica on a private Redis, and how to restart that.
    private func withPrivateRedis(
        mailboxCap: Int? = nil, _ body: @Loop (LiveReplica, String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(name)").path
        try await servers("start", "--only", "redis", in: folder)
        var failure: (any Error)?
        do {
            let redis = try #require(LiveRedis.read("\(folder)/servers.json"))
            let replica = try await LiveReplica("replica", mailboxCap: mailboxCap, on: redis)
            do { try await body(replica, folder) } catch { failure = error }
            await replica.stop()
        } catch { failure = error }
        try await servers("stop", "--wipe", in: folder)
        if let failure { throw failure }
    }

    private func delivery(_ number: Int) -> MailboxDelivery {
        MailboxDelivery(to: UserID(name)!, update(number))
    }

    private func deliver(_ numbers: ClosedRange<Int>, _ replica: LiveReplica) async throws -> [Int] {
        try await replica.client.ready(within: .seconds(10))
        return try await replica.mailboxes.deliver(numbers.map { delivery($0) }).compactMap {
            $0.offset.map(Int.init)
        }
    }

    private func connect(_ replica: LiveReplica, _ query: String = "") async throws -> Tab {
        let tab = Tab()
        let token = try replica.replica.token(name)
        try await WebSocket.connect("ws://127.0.0.1:\(replica.port)/ws?access_token=\(token)\(query)", tab)
        return tab
    }

    /// Both as it is told to stop, and as it dies: its last seconds may be missing, so the tabs are told, and stay.
    @Test(arguments: [[], ["--kill"]]) func aRestartOfRedisBeginsANewEpoch(_ how: [String]) async throws {
        try await withPrivateRedis { replica, folder in
            let tabs = [try await connect(replica), try await connect(replica)]
            try await eventually("the welcomes") { tabs.allSatisfy(\.isWelcome) }
            let sent = try await deliver(1...3, replica)
            try await eventually("the first updates") { tabs.allSatisfy { $0.offsets.count == 3 } }
            let epoch = try #require(tabs[0].messages("welcome")[0]["epoch"]?.string)
            let restart = Loop.task {
                let result = try await Program.run(
                    ["infra/local/bin/servers", "restart", "--dir", folder, "redis"] + how,
                    in: Self.repository)
                return result.status
            }
            #expect(try await restart.value == 0)
            try await eventually("the notices") {
                tabs.allSatisfy { $0.messages("resumed").map { $0["recovered"]?.bool } == [false] }
            }
            let next = try await deliver(4...6, replica)
            try await eventually("the rest") { tabs.allSatisfy { $0.offsets.count >= 6 } }
            for tab in tabs { #expect(tab.offsets == sent + next && tab.end == nil) }
            let late = try await connect(replica, "&epoch=\(epoch)&lastEventId=\(sent[2])")
            try await eventually("the answer") { !late.messages("resumed").isEmpty }
            #expect(late.messages("resumed")[0]["recovered"] == false)
        }
    }

    @Test func lostMailboxesAreReported() async throws {
        try await withPrivateRedis { replica, _ in
            let tab = try await connect(replica)
            try await eventually("the welcome") { tab.isWelcome }
            let sent = try await deliver(1...2, replica)
            try await eventually("the updates") { tab.offsets == sent }
            let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
            _ = try await replica.client.command("FLUSHALL")
            // Here by the check of its position, there by what a tab says of its own.
            try await replica.checksEverybody()
            try await eventually("the notice") {
                tab.messages("resumed").contains { $0["recovered"] == false }
            }
            let late = try await connect(replica, "&epoch=\(epoch)&lastEventId=\(sent[1])")
            try await eventually("the answer") { !late.messages("resumed").isEmpty }
            #expect(late.messages("resumed")[0]["recovered"] == false && late.offsets.isEmpty)
            let next = try await deliver(3...3, replica)
            try await eventually("life goes on") { tab.offsets == sent + next && late.offsets == next }
        }
    }

    @Test func aTrimmedMailboxIsReported() async throws {
        try await withPrivateRedis(mailboxCap: 3) { replica, _ in
            let tab = try await connect(replica)
            try await eventually("the welcome") { tab.isWelcome }
            let sent = try await deliver(1...5, replica)
            let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
            for (offset, isWhole, rest) in [(sent[2], true, 2), (sent[0], false, 3)] {
                let late = try await connect(replica, "&epoch=\(epoch)&lastEventId=\(offset)")
                try await eventually("the answer") { !late.messages("resumed").isEmpty }
                #expect(late.messages("resumed")[0]["recovered"]?.bool == isWhole)
                #expect(late.offsets == Array(sent.suffix(rest)))
            }
        }
    }
}

extension LiveReplica {
    /// As many ticks as it takes until each user's mailbox was looked at.
    fileprivate func checksEverybody() async throws {
        for _ in 0..<Int(SubscriptionRegistry.Policy().checkInterval.components.seconds) {
            replica.sessions.tick()
            try await Loop.sleep(for: .zero)
        }
    }
}
