import EventLoop
import TestSupport
import Testing

@testable import Redis

/// `bar` has slot 5061, of the first node; `foo` has slot 12182, of the second.
@Suite(.timeLimit(.minutes(1))) @Loop struct ClusterSubscriberTests {
    @Test func channelsAreSubscribedOnTheirNodesOneCommandEach() async throws {
        try await withSubscriber { servers, subscriber, inbox in
            let confirm = servers.answer
            servers.answer = { node, words in
                let message = ScriptedCluster.push("smessage", words[1], ScriptedCluster.bulk("hello"))
                return (confirm(node, words) ?? "") + (words[0] == "SSUBSCRIBE" ? message : "")
            }
            for channel in ["foo", "bar", "{bar}2"] { try await subscriber.subscribe(channel) }
            #expect(
                servers.received == [
                    [["SSUBSCRIBE", "bar"], ["SSUBSCRIBE", "{bar}2"]], [["SSUBSCRIBE", "foo"]],
                ])
            try await eventually("the messages") {
                inbox.messages == ["foo=hello", "bar=hello", "{bar}2=hello"]
            }
            subscriber.unsubscribe("foo")
            try await eventually("it is unsubscribed") {
                servers.received[1].last == ["SUNSUBSCRIBE", "foo"]
            }
            #expect(subscriber.channels == 2 && subscriber.state.isUp && inbox.restored.isEmpty)
            // After a reconnection too.
            servers.nodes[0].dropAll()
            try await eventually("both are restored") { Set(inbox.restored) == ["bar", "{bar}2"] }
            #expect(servers.received[0].allSatisfy { $0.count == 2 })
        }
    }

    /// The node refuses the channels of one slot; the others of its connection stay.
    @Test func aMovedSlotTakesItsChannelsAlone() async throws {
        try await withSubscriber { servers, subscriber, inbox in
            for channel in ["bar", "{bar}2", "{b}"] { try await subscriber.subscribe(channel) }
            let accepted = servers.nodes[0].accepted
            servers.answer = { [unowned servers] node, words in
                if node == 0, HashSlot.of(Array(words[1].utf8)) == 5061 {
                    return servers.redirection("MOVED", 5061, to: 1)
                }
                return ScriptedCluster.push("ssubscribe", words[1])
            }
            servers.slots = [(0...5060, 0), (5061...5061, 1), (5062...8191, 0), (8192...16_383, 1)]
            try await subscriber.subscribe("{bar}3")
            try await eventually("the older channels are restored") {
                Set(inbox.restored).isSuperset(of: ["bar", "{bar}2"])
            }
            #expect(!inbox.restored.contains("{b}") && subscriber.state.isUp)
            #expect(Set(servers.received[1].map { $0[1] }) == ["bar", "{bar}2", "{bar}3"])
            #expect(servers.nodes[0].accepted - accepted <= 2, "the topology alone was asked")
        }
    }

    @Test func channelsThatANodeUnsubscribesMove() async throws {
        try await withSubscriber { servers, subscriber, inbox in
            for channel in ["bar", "{bar}2"] { try await subscriber.subscribe(channel) }
            servers.answer = { node, words in
                ScriptedCluster.push("ssubscribe", words[1])
                    + (node == 0 ? ScriptedCluster.push("sunsubscribe", "bar") : "")
            }
            servers.slots = [(0...5060, 0), (5061...16_383, 1)]
            try await subscriber.subscribe("{b}")
            try await eventually("they are restored") { Set(inbox.restored) == ["bar", "{bar}2"] }
            #expect(Set(servers.received[1].map { $0[1] }) == ["bar", "{bar}2"])
            #expect(inbox.restored.count == 2)
            try await eventually("no channel is without a node") { subscriber.state.isUp }
        }
    }

    @Test func aClusterThatIsDownDelaysChannelsAndKeepsTheOthers() async throws {
        try await withSubscriber { servers, subscriber, inbox in
            try await subscriber.subscribe("bar")
            var refusals = 2
            servers.answer = { _, words in
                guard refusals > 0 else { return ScriptedCluster.push("ssubscribe", words[1]) }
                refusals -= 1
                return "-CLUSTERDOWN x\r\n"
            }
            try await subscriber.subscribe("{b}")
            #expect(refusals == 0 && !inbox.restored.contains("bar"))
        }
    }

    /// Two nodes that name each other: the channel is tried once per refresh.
    @Test func aSlotThatMovesToAndFroIsNotTriedInALoop() async throws {
        try await withSubscriber { servers, subscriber, _ in
            servers.answer = { [unowned servers] node, _ in servers.redirection("MOVED", 5061, to: 1 - node) }
            let start = Instant.systemNow()
            let error = await #expect(throws: RedisError.self) { try await subscriber.subscribe("bar") }
            #expect(error?.code == .timeout && subscriber.channels == 1)
            let tries = servers.received[0].count + servers.received[1].count
            #expect(tries <= 3 + Int(start.duration(to: .systemNow()).seconds / 0.4))
            servers.answer = { _, words in ScriptedCluster.push("ssubscribe", words[1]) }
            try await eventually("it is subscribed later") { subscriber.state.isUp }
            try await subscriber.subscribe("bar")
        }
    }

    @Test func unsubscribedChannelsOfAMovedSlotAreForgotten() async throws {
        try await withSubscriber { servers, subscriber, _ in
            try await subscriber.subscribe("bar")
            let accepted = servers.nodes[0].accepted
            servers.answer = { [unowned servers] _, _ in servers.redirection("MOVED", 5061, to: 1) }
            subscriber.unsubscribe("bar")
            try await eventually("it was refused") { servers.received[0].last == ["SUNSUBSCRIBE", "bar"] }
            servers.answer = { _, words in ScriptedCluster.push("ssubscribe", words[1]) }
            try await subscriber.subscribe("{bar}2")
            #expect(subscriber.channels == 1 && servers.nodes[0].accepted - accepted <= 2)
        }
    }

    @Loop private final class Inbox {
        var messages: [String] = []
        var restored: [String] = []
    }

    private func withSubscriber(
        _ body: @Loop (ScriptedCluster, RedisClusterSubscriber, Inbox) async throws -> Void
    ) async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { _, words in
            ScriptedCluster.push(words[0] == "SSUBSCRIBE" ? "ssubscribe" : "sunsubscribe", words[1])
        }
        var configuration = servers.nodes[0].configuration
        configuration.commandTimeout = .seconds(3)
        let cluster = RedisCluster(configuration)
        let subscriber = RedisClusterSubscriber(cluster)
        let inbox = Inbox()
        subscriber.onMessage = {
            inbox.messages.append(
                "\(String(decoding: $0, as: UTF8.self))=\(String(decoding: $1, as: UTF8.self))")
        }
        subscriber.onRestored = { inbox.restored += $0.map { String(decoding: $0, as: UTF8.self) } }
        let runs = [Loop.task { await cluster.run() }, Loop.task { await subscriber.run() }]
        var failure: (any Error)?
        do {
            try await eventually("connected") { subscriber.state.isUp }
            try await body(servers, subscriber, inbox)
        } catch { failure = error }
        subscriber.close()
        cluster.close()
        for run in runs { await run.value }
        servers.close()
        if let failure { throw failure }
    }
}
