import EventLoop
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) @Loop struct ClientTests {
    private func running(
        _ configuration: RedisConfiguration, _ body: @Loop (RedisClient) async throws -> Void
    ) async throws {
        let client = RedisClient(configuration)
        let run = Task { @Loop in await client.run() }
        do { try await body(client) } catch {
            client.close()
            throw error
        }
        client.close()
        await run.value
    }

    @Test func reconnectsAndReportsItsState() async throws {
        let server = try await ScriptedServer.answering { _ in "+OK\r\n" }
        defer { server.close() }
        try await running(server.configuration) { client in
            var states: [Bool] = []
            client.onStateChange = { states.append($0.isUp) }
            #expect(try await client.command("SET", "k", "v") == .status("OK"))
            server.dropAll()
            try await eventually("the disconnect is detected") { !client.state.isUp || server.accepted > 1 }
            #expect(try await client.command("SET", "k", "v") == .status("OK"))
            #expect(states == [true, false, true])
            #expect(server.accepted == 2)
        }
    }

    @Test func failsWithinTheDeadlineWhileDisconnected() async throws {
        let server = try await ScriptedServer { _ in nil }
        var configuration = server.configuration
        configuration.commandTimeout = .milliseconds(200)
        server.close()
        try await running(configuration) { client in
            let start = Instant.systemNow()
            let error = await #expect(throws: RedisError.self) { try await client.command("GET", "k") }
            #expect(error?.code == .notConnected && error?.isRetriable == true)
            #expect(start.duration(to: .systemNow()) < .seconds(2))
        }
    }

    @Test func closingFailsWaitingCallers() async throws {
        let server = try await ScriptedServer { _ in "" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.commandTimeout = .seconds(30)
        let client = RedisClient(configuration)
        let run = Task { @Loop in await client.run() }
        let waiting = Task { @Loop in try await client.command("GET", "k") }
        try await eventually("connected") { server.accepted == 1 }
        client.close()
        await run.value
        let error = await #expect(throws: RedisError.self) { try await waiting.value }
        #expect(error?.code == .closed)
        await #expect(throws: RedisError.self) { try await client.command("GET", "k") }
    }

    @Test func unknownScriptsAreLoaded() async throws {
        var known = false
        var loads = 0
        let server = try await ScriptedServer.answering { text in
            var answer = ""
            if text.contains("SCRIPT") {
                known = true
                loads += 1
                answer += "$2\r\nab\r\n"
            }
            if text.contains("EVALSHA") { answer += known ? ":1\r\n" : "-NOSCRIPT No matching script.\r\n" }
            return answer
        }
        defer { server.close() }
        let script = RedisScript("return 1")
        try await running(server.configuration) { client in
            func run() async throws {
                let reply = try await client.evaluate(script, keys: 1, arguments: 1) {
                    $0.append("key")
                    $0.append(7)
                }
                #expect(reply == .integer(1))
            }
            try await run()
            try await run()
            #expect(loads == 1)
            known = false
            try await run()
            #expect(loads == 2)
        }
    }
}
