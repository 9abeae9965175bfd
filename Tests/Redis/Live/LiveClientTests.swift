import EventLoop
import TestSupport
import Testing

@testable import Redis

@Suite(.enabled(if: LiveServer.isAvailable), .timeLimit(.minutes(1))) @Loop struct LiveClientTests {
    @Test func roundTripsAnyBytes() async throws {
        try await withClient { client, prefix in
            let bytes: [UInt8] = Array(0...255) + [13, 10, 0]
            #expect(try await client.command("SET", prefix + "k", bytes, "EX", 60) == .status("OK"))
            #expect(try await client.command("GET", prefix + "k") == .bytes(bytes))
            #expect(try await client.command("GET", prefix + "none") == .null)
            let large = [UInt8](repeating: 7, count: 3 << 20)
            _ = try await client.command("SET", prefix + "large", large)
            #expect(try await client.command("GET", prefix + "large") == .bytes(large))
        }
    }

    @Test func manyCallersShareOneConnection() async throws {
        try await withClient { client, prefix in
            try await concurrently(500) { number in
                let replies = try await client.pipeline {
                    $0.add("SET", "\(prefix)\(number)", number)
                    $0.add("INCR", "\(prefix)\(number)")
                    $0.add("LPUSH", "\(prefix)\(number)", "x")
                }
                #expect(replies[1] == .integer(number + 1))
                #expect(replies[2].isWrongType)
            }
        }
    }

    @Test func reloadsScriptsAfterAScriptFlush() async throws {
        try await withClient { client, prefix in
            let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])} -- \(prefix)")
            for expected in 1...3 {
                let reply = try await client.evaluate(script, keys: 1, arguments: 1) {
                    $0.append(prefix + "n")
                    $0.append(5)
                }
                #expect(
                    reply == .array([.bytes(Array((prefix + "n").utf8)), .bytes([53]), .integer(expected)]))
                if expected == 2 { _ = try await client.command("SCRIPT", "FLUSH") }
            }
        }
    }

    @Test func aScriptErrorIsTyped() async throws {
        try await withClient { client, _ in
            let script = RedisScript("return redis.call('NOSUCH')")
            let error = await #expect(throws: RedisError.self) {
                try await client.evaluate(script, keys: 0, arguments: 0) { _ in }
            }
            #expect(error?.isRetriable == false)
        }
    }

    @Test func streams() async throws {
        try await withClient { client, prefix in
            let key = prefix + "stream"
            let replies = try await client.pipeline { batch in
                for number in 1...5 {
                    batch.add("XADD", key, "MAXLEN", 3, "\(number)-0", "n", number)
                }
                batch.add("XRANGE", key, "(3-0", "+")
                batch.add("XREVRANGE", key, "+", "-", "COUNT", 1)
                batch.add("XTRIM", key, "MAXLEN", 1)
                batch.add("XRANGE", prefix + "none", "-", "+")
            }
            #expect(replies[0].string == "1-0")
            let entries = try RedisStreamEntry.list(replies[5])
            #expect(
                entries.map(\.id) == [RedisStreamID(4), RedisStreamID(5)]
                    && entries[0]["n"] == Array("4".utf8))
            #expect(try RedisStreamEntry.list(replies[6]).map(\.id) == [RedisStreamID(5)])
            #expect(replies[7].integer == 2)
            #expect(try RedisStreamEntry.list(replies[8]).isEmpty)
        }
    }

    @Test func aKilledConnectionIsReplaced() async throws {
        try await withClient { client, _ in
            let id = try await client.command("CLIENT", "ID")
            _ = try? await client.command("CLIENT", "KILL", "ID", id.integer!, "SKIPME", "no")
            try await eventually("a new connection") {
                (try? await client.command("CLIENT", "ID")).map { $0 != id } ?? false
            }
        }
    }

    @Test func wrongPassword() async throws {
        var configuration = LiveServer.configuration
        configuration.password = "wrong"
        let error = await #expect(throws: RedisError.self) {
            try await RedisConnection.connect(configuration)
        }
        #expect(error?.code == .authentication)
    }
}

extension RedisValue {
    fileprivate var isWrongType: Bool {
        if case .error(let error) = self { error.code == .server(prefix: "WRONGTYPE") } else { false }
    }
}
