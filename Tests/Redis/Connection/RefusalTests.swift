import EventLoop
import TestSupport
import Testing

@testable import Redis

/// Servers that are connected and refuse.
@Loop @Suite(.timeLimit(.minutes(1))) struct RefusalTests {
    private func withClient(
        _ answer: @escaping ScriptedServer.Answer,
        _ body: @Loop (ScriptedServer, RedisClient) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer(answer)
        var configuration = server.configuration
        configuration.requiresPrimary = true
        let client = RedisClient(configuration)
        let run = Loop.task { await client.run() }
        var failure: (any Error)?
        do { try await body(server, client) } catch { failure = error }
        client.close()
        await run.value
        server.close()
        if let failure { throw failure }
    }

    private nonisolated static func role(_ name: String) -> String {
        "*1\r\n$\(name.utf8.count)\r\n\(name)\r\n"
    }

    /// A handshake is `PING ROLE EVALSHA` in one write.
    private static func answer(_ text: String, role: String, _ rest: (String) -> String) -> String {
        switch (text.contains("PING"), text.contains("ROLE")) {
        case (true, true): "+PONG\r\n" + role + "-NOSCRIPT none\r\n"
        case (false, true): role
        case (true, false): "+PONG\r\n"
        default: rest(text)
        }
    }

    @Test(arguments: ["-NOPERM no permission\r\n", "-ERR unknown command\r\n", role("master")])
    func aServerThatIsNoReplicaIsUsed(role: String) async throws {
        try await withClient {
            Self.answer($0, role: role) { _ in "+OK\r\n" }
        } _: { _, client in
            try await client.ready(within: .seconds(10))
            #expect(try await client.command("SET", "k", "v").string == "OK" && client.problem == nil)
        }
    }

    @Test func aReplicaIsNamed() async throws {
        var role = Self.role("slave")
        try await withClient {
            Self.answer($0, role: role) { _ in "+OK\r\n" }
        } _: { server, client in
            try await eventually("it is named") { client.problem?.word == "readonly" && server.accepted > 1 }
            role = Self.role("master")
            try await client.ready(within: .seconds(10))
            #expect(client.problem == nil)
        }
    }

    /// It was the primary when the connection was made.
    @Test(arguments: ["READONLY", "MASTERDOWN"]) func aReplicaIsLeft(refusal: String) async throws {
        var isReplica = false
        try await withClient {
            Self.answer($0, role: Self.role(isReplica ? "slave" : "master")) { _ in
                isReplica ? "-\(refusal) no writes\r\n" : "+OK\r\n"
            }
        } _: { server, client in
            try await client.ready(within: .seconds(10))
            isReplica = true
            let error = await #expect(throws: RedisError.self) { try await client.command("SET", "k", "v") }
            #expect(error?.code == .server(prefix: refusal))
            try await eventually("it is named") { client.problem?.word == "readonly" }
            isReplica = false
            try await client.ready(within: .seconds(10))
            #expect(server.accepted > 1)
        }
    }

    /// Another connection would meet the same.
    @Test(arguments: ["OOM", "MISCONF", "NOREPLICAS", "NOPERM", "BUSY"]) func aServerThatRefusesWritesIsNamed(
        refusal: String
    )
        async throws
    {
        try await withClient {
            Self.answer($0, role: Self.role("master")) { _ in "-\(refusal) no\r\n" }
        } _: { server, client in
            try await client.ready(within: .seconds(10))
            var reported = 0
            client.onRefusal = { reported += 1 }
            for _ in 0..<3 { _ = try? await client.command("SET", "k", "v") }
            #expect(client.problem?.word == (refusal == "NOPERM" ? "authentication" : refusal.lowercased()))
            #expect(reported == 1)
            #expect(client.state.isUp && server.accepted == 1)
        }
    }

    @Test(arguments: [
        (
            "ERR The user executing the script can't run this command or subcommand script: a",
            "authentication"
        ),
        ("ERR unknown command 'XINFO' script: a", "error"),
    ])
    func aServerThatRefusesACommandOfAScriptIsNamed(text: String, word: String) async throws {
        try await withClient {
            Self.answer($0, role: Self.role("master")) {
                $0.contains("LOAD") ? "$1\r\na\r\n" : "-\(text)\r\n"
            }
        } _: { _, client in
            try await client.ready(within: .seconds(10))
            var reported = 0
            client.onRefusal = { reported += 1 }
            for _ in 0..<3 {
                await #expect(throws: RedisError.self) {
                    try await client.evaluate(RedisScript("return 1"), keys: 0, arguments: 0) { _ in }
                }
            }
            #expect(client.problem?.word == word && reported == 1)
        }
    }

    @Test func aSentinelsAnnouncementMakesClientsLeave() async throws {
        let old = try await ScriptedServer { Self.answer($0, role: Self.role("master")) { _ in "+OK\r\n" } }
        let new = try await ScriptedServer { Self.answer($0, role: Self.role("master")) { _ in "+OK\r\n" } }
        let named = Named(old.configuration.endpoint.port)
        let sentinel = try await ScriptedServer { text in
            if text.contains("SUBSCRIBE") {
                return "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n"
            }
            if text.contains("PING") { return "+PONG\r\n" }
            let port = "\(named.port)"
            return "*2\r\n$9\r\n127.0.0.1\r\n$\(port.utf8.count)\r\n\(port)\r\n"
        }
        var configuration = old.configuration
        configuration.requiresPrimary = true
        let sentinels = RedisSentinels(
            [sentinel.configuration.endpoint], primary: "orders", of: configuration)
        let client = RedisClient(configuration, sentinels: sentinels)
        let tasks = [
            Loop.task { await client.run() }, Loop.task { () async -> Void in try? await sentinels.run() },
        ]
        try await client.ready(within: .seconds(10))
        #expect(client.state == .up(old.configuration.endpoint))
        named.port = new.configuration.endpoint.port
        for (name, target) in [("other", named.port), ("orders", named.port)] {
            let text = "\(name) 127.0.0.1 1 127.0.0.1 \(target)"
            try await eventually("the sentinel is followed") {
                // The push goes to all of its connections, so not while the client asks for the new primary.
                if client.state == .up(old.configuration.endpoint) {
                    sentinel.push(
                        "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$\(text.utf8.count)\r\n\(text)\r\n")
                }
                return name == "other" || client.state == .up(new.configuration.endpoint)
            }
            if name == "other" { #expect(client.state == .up(old.configuration.endpoint)) }
        }
        client.close()
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        for server in [old, new, sentinel] { server.close() }
    }
}

/// The primary that a sentinel names.
@Loop
private final class Named {
    var port: UInt16

    init(_ port: UInt16) { self.port = port }
}
