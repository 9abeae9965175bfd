import EventLoop
import TestSupport
import Testing

@testable import Redis

@Loop
private final class Inbox {
    var messages: [String] = []
    var restored: Set<String> = []
    var batches = 0
    var ups = 0
}

@Suite(.enabled(if: LiveServer.isAvailable), .timeLimit(.minutes(1))) @Loop struct LiveSubscriberTests {
    private func withSubscriber(
        _ body: @Loop (RedisSubscriber, Inbox, RedisClient, String) async throws -> Void
    )
        async throws
    {
        try await withClient { client, prefix in
            var configuration = LiveServer.configuration
            configuration.clientName = "subscriber-\(prefix)"
            let subscriber = RedisSubscriber(configuration)
            let inbox = Inbox()
            subscriber.onMessage = { channel, payload in
                let channel = String(decoding: channel, as: UTF8.self).dropFirst(prefix.count)
                inbox.messages.append("\(channel)=\(String(decoding: payload, as: UTF8.self))")
            }
            subscriber.onRestored = { channels in
                inbox.batches += 1
                for channel in channels {
                    inbox.restored.insert(
                        String(String(decoding: channel, as: UTF8.self).dropFirst(prefix.count)))
                }
            }
            subscriber.onStateChange = { if $0.isUp { inbox.ups += 1 } }
            let run = Task { @Loop in await subscriber.run() }
            try await eventually("connected") { subscriber.state.isUp }
            do { try await body(subscriber, inbox, client, prefix) } catch {
                subscriber.close()
                throw error
            }
            subscriber.close()
            await run.value
        }
    }

    /// Kills the subscriber's connection on the server.
    private func kill(_ client: RedisClient, _ prefix: String) async throws {
        let list = try await client.command("CLIENT", "LIST").string ?? ""
        for line in list.split(separator: "\n") where line.contains("name=subscriber-\(prefix)") {
            let id = line.split(separator: " ")[0].dropFirst(3)
            _ = try await client.command("CLIENT", "KILL", "ID", String(id))
        }
    }

    @Test func onceConfirmedNothingIsMissed() async throws {
        try await withSubscriber { subscriber, inbox, client, prefix in
            for number in 0..<50 {
                try await subscriber.subscribe("\(prefix)c\(number)")
                let receivers = try await client.command("PUBLISH", "\(prefix)c\(number)", "hello")
                #expect(receivers == .integer(1))
            }
            try await eventually("all messages are received") { inbox.messages.count == 50 }
            #expect(inbox.messages[7] == "c7=hello")
            subscriber.unsubscribe("\(prefix)c1")
            try await eventually("nothing is subscribed") {
                try await client.command("PUBLISH", "\(prefix)c1", "late") == .integer(0)
            }
            #expect(subscriber.channels == 49)
        }
    }

    @Test func manyChannelsAreRestoredInBatches() async throws {
        try await withSubscriber { subscriber, inbox, client, prefix in
            try await concurrently(2000) { try await subscriber.subscribe("\(prefix)\($0)") }
            try await kill(client, prefix)
            try await eventually("all are restored") { inbox.restored.count == 2000 }
            #expect(inbox.batches >= 4 && inbox.ups == 2)
            for number in [0, 999, 1999] {
                #expect(try await client.command("PUBLISH", "\(prefix)\(number)", "again") == .integer(1))
            }
            try await eventually("three messages are received") { inbox.messages.count == 3 }
        }
    }

    @Test func subscribeIsIdempotentAndFollowsUnsubscribe() async throws {
        try await withSubscriber { subscriber, inbox, client, prefix in
            let channel = prefix + "x"
            try await subscriber.subscribe(channel)
            try await subscriber.subscribe(channel)
            subscriber.unsubscribe(channel)
            try await subscriber.subscribe(channel)
            #expect(try await client.command("PUBLISH", channel, "m") == .integer(1))
            try await eventually("one message is received") { inbox.messages == ["x=m"] }
        }
    }
}
