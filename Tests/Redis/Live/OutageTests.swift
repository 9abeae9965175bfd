import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Redis

@Suite(.enabled(if: LiveServer.isAvailable && PrivateServer.program != nil), .timeLimit(.minutes(1)))
@Loop struct OutageTests {
    @Test func restoresCommandsScriptsAndSubscriptionsAfterARestart() async throws {
        try await withServer { server, client, subscriber in
            var messages: [String] = []
            var restored: [String] = []
            subscriber.onMessage = { messages.append(String(decoding: $1, as: UTF8.self)) }
            subscriber.onRestored = { restored += $0.map { String(decoding: $0, as: UTF8.self) } }
            let script = RedisScript("return redis.call('GET', KEYS[1])")
            _ = try await client.command("SET", "k", "kept")
            func read() async throws(RedisError) -> String? {
                try await client.evaluate(script, keys: 1, arguments: 0) { $0.append("k") }.string
            }
            #expect(try await read() == "kept")
            for channel in ["a", "b", "c"] { try await subscriber.subscribe(channel) }
            restored = []

            server.signal(SIGKILL)
            try await eventually("both are disconnected") { !client.state.isUp && !subscriber.state.isUp }
            let error = await #expect(throws: RedisError.self) { try await read() }
            #expect(error?.code == .notConnected)
            let subscription = await #expect(throws: RedisError.self) {
                try await subscriber.subscribe("late")
            }
            #expect(subscription?.code == .timeout)

            try server.start()
            try await eventually("both are reconnected") { client.state.isUp && restored.count == 4 }
            #expect(try await read() == "kept")
            #expect(Set(restored) == ["a", "b", "c", "late"])
            #expect(try await client.command("PUBLISH", "late", "hello") == .integer(1))
            try await eventually("the message is received") { messages == ["hello"] }
        }
    }

    @Test func detectsAHangingServer() async throws {
        try await withServer { server, client, subscriber in
            try await subscriber.subscribe("a")
            server.signal(SIGSTOP)
            let error = await #expect(throws: RedisError.self) { try await client.command("GET", "k") }
            // The ping may time out first.
            #expect(error?.outcomeIsUnknown == true)
            try await eventually("the subscriber's ping timed out") { !subscriber.state.isUp }
            server.signal(SIGCONT)
            try await eventually("both are reconnected") { client.state.isUp && subscriber.state.isUp }
            _ = try await client.command("GET", "k")
        }
    }

    /// As during a manual failover: reads are answered, and writes are held back.
    @Test func aServerThatAnswersReadsAloneCannotBeUsed() async throws {
        try await withServer(requiresPrimary: true) { server, client, _ in
            let operations = try await RedisConnection.connect(server.configuration)
            defer { operations.close() }
            #expect(client.problem == nil)
            var reported = 0
            client.onRefusal = { reported += 1 }
            _ = try await operations.command("CLIENT", "PAUSE", 60_000, "WRITE")
            await #expect(throws: RedisError.self) { try await client.command("SET", "k", "v") }
            #expect(client.problem?.word == "unreachable" && client.problem?.error != nil)
            try await eventually("the connection is given up") { !client.state.isUp }
            var changes: [RedisConnectionState] = []
            client.onStateChange = { changes.append($0) }
            try await eventually("it was tried again") { changes.count > 2 }
            #expect(changes.allSatisfy { !$0.isUp } && reported <= 1)
            #expect(try await operations.command("EXISTS", "k") == .integer(0))
            _ = try await operations.command("CLIENT", "UNPAUSE")
            try await eventually("it is used again") { client.problem == nil }
            _ = try await client.command("SET", "k", "v")
        }
    }

    private func withServer(
        requiresPrimary: Bool = false,
        _ body: @Loop (PrivateServer, RedisClient, RedisSubscriber) async throws -> Void
    ) async throws {
        let server = try await PrivateServer()
        defer { server.remove() }
        var configuration = server.configuration
        configuration.requiresPrimary = requiresPrimary
        let client = RedisClient(configuration)
        let subscriber = RedisSubscriber(server.configuration)
        let runs = [Task { @Loop in await client.run() }, Task { @Loop in await subscriber.run() }]
        var failure: (any Error)?
        do {
            try await eventually("connected") { client.state.isUp && subscriber.state.isUp }
            try await body(server, client, subscriber)
        } catch { failure = error }
        client.close()
        subscriber.close()
        for run in runs { await run.value }
        if let failure { throw failure }
    }
}
