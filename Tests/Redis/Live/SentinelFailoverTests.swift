import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Redis

/// Clients follow the primary, against real sentinels.
@Suite(
    .serialized, .enabled(if: RedisFailover.isAvailable && PrivateServers.areAvailable),
    .timeLimit(.minutes(2)))
@Loop struct SentinelFailoverTests {
    @Test func clientsFollowWhenThePrimaryIsKilled() async throws {
        try await withClients { redis, client, subscriber in
            var messages: [String] = []
            var restored: [String] = []
            subscriber.onMessage = { messages.append(String(decoding: $1, as: UTF8.self)) }
            subscriber.onRestored = { restored += $0.map { String(decoding: $0, as: UTF8.self) } }
            try await subscriber.subscribe("channel")
            _ = try await client.command("SET", "k", "kept")
            #expect(try await client.command("WAIT", 1, 5000) == .integer(1))

            redis.signal(SIGKILL, redis.first)
            try await eventually("the sentinels name the new primary", within: .seconds(20)) {
                try await redis.primary() == redis.second
            }
            // The next attempt follows within two seconds and asks the sentinels again.
            try await eventually("both are on the new primary", within: .seconds(5)) {
                client.state == .up(redis.second) && subscriber.state == .up(redis.second)
            }
            #expect(try await client.command("GET", "k").string == "kept")
            #expect(restored == ["channel"])
            #expect(try await client.command("PUBLISH", "channel", "hello") == .integer(1))
            try await eventually("the message is received") { messages == ["hello"] }

            // The old primary restarts as a primary until the sentinels make it a replica; no client connects to it.
            try redis.start(redis.first)
            try await eventually("the old primary answers") { try await !redis.role(of: redis.first).isEmpty }
            #expect(client.state == .up(redis.second) && subscriber.state == .up(redis.second))
            _ = try await client.command("SET", "k", "changed")
        }
    }

    /// A deposed primary continues as a replica: a client that stays connected can read but not write.
    @Test func clientsLeaveADeposedPrimary() async throws {
        try await withClients { redis, client, subscriber in
            try await subscriber.subscribe("channel")
            try await redis.depose()
            try await eventually("both are on the new primary", within: .seconds(30)) {
                client.state == .up(redis.second) && subscriber.state == .up(redis.second)
            }
            _ = try await client.command("SET", "k", "written")
        }
    }

    private func withClients(
        _ body: @Loop (RedisFailover, RedisClient, RedisSubscriber) async throws -> Void
    ) async throws {
        try await RedisFailover.with { redis in
            var configuration = RedisConfiguration(endpoint: Endpoint(host: "nowhere.invalid", port: 1))
            configuration.password = RedisFailover.password
            configuration.requiresPrimary = true
            let sentinels = RedisSentinels(redis.sentinels, primary: RedisFailover.name, of: configuration)
            let client = RedisClient(configuration, sentinels: sentinels)
            let subscriber = RedisSubscriber(configuration, sentinels: sentinels)
            let following = Loop.task { try? await sentinels.run() }
            defer { following.cancel() }
            let runs = [Loop.task { await client.run() }, Loop.task { await subscriber.run() }]
            var failure: (any Error)?
            do {
                try await eventually("connected") {
                    client.state == .up(redis.first) && subscriber.state == .up(redis.first)
                }
                try await body(redis, client, subscriber)
            } catch { failure = error }
            client.close()
            subscriber.close()
            for run in runs { await run.value }
            if let failure { throw failure }
        }
    }
}
