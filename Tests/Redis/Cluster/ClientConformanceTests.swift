import EventLoop
import TestSupport
import Testing

@testable import Redis

/// What both clients answer alike, as users of the port expect.
@Suite(.enabled(if: LiveServer.isAvailable), .timeLimit(.minutes(1)))
@Loop struct ClientConformanceTests {
    @Test func oneServer() async throws {
        try await withClient { client, prefix in try await check(client, prefix) }
    }

    @Test func cluster() async throws {
        let cluster = RedisCluster(LiveServer.configuration, seeds: LiveServer.clusterNodes)
        let client = RedisClusterClient(cluster)
        let runs = [Loop.task { await cluster.run() }, Loop.task { await client.run() }]
        defer { for run in runs { run.cancel() } }
        try await check(client, "test:\(UInt64.random(in: 0 ... .max)):")
    }

    private func check(_ client: some RedisCommands, _ prefix: String) async throws {
        try await client.ready(within: .seconds(10))
        #expect(client.state.isUp && client.problem == nil)
        #expect(try await client.pipeline { _ in }.isEmpty)
        #expect(try await client.command("PING") == .status("PONG"))

        let keys = (0..<64).map { "\(prefix)\($0)" }
        let replies = try await client.pipeline { batch in
            for (index, key) in keys.enumerated() {
                batch.add("SET", key, index, "EX", 60)
                batch.add("INCR", key)
                batch.add("LPUSH", key, "x")
                batch.add("GET", key)
            }
        }
        for index in keys.indices {
            #expect(replies[4 * index] == .status("OK") && replies[4 * index + 1] == .integer(index + 1))
            guard case .error(let error) = replies[4 * index + 2] else { return #expect(Bool(false)) }
            #expect(error.code == .server(prefix: "WRONGTYPE"))
            #expect(replies[4 * index + 3].integer == index + 1)
        }
        let large = [UInt8](repeating: 13, count: 1 << 20)
        _ = try await client.command("SET", prefix + "large", large, "EX", 60)
        #expect(try await client.command("GET", prefix + "large") == .bytes(large))
        let error = await #expect(throws: RedisError.self) { try await client.command("NOSUCH", keys[0]) }
        #expect(error?.code == .server(prefix: "ERR") && error?.isRetriable == false)

        let script = RedisScript("return {KEYS[1], redis.call('INCRBY', KEYS[1], ARGV[1])} -- \(prefix)")
        for _ in 0..<2 {
            let result = try await client.evaluate(script, keys: 1, arguments: 1) {
                $0.append(keys[0])
                $0.append(10)
            }
            #expect(result.array?[0].string == keys[0])
        }
        let results = try await client.evaluate(script, count: keys.count, keys: 1, arguments: 1) {
            $1.append(keys[$0])
            $1.append($0 == 3 ? "x" : "1")
        }
        #expect(results[2] == .array([.bytes(Array(keys[2].utf8)), .integer(4)]))
        guard case .error = results[3] else { return #expect(Bool(false)) }
        #expect(client.problem == nil)
        await #expect(throws: RedisError.self) {
            try await client.evaluate(script, keys: 1, arguments: 1) {
                $0.append(keys[0])
                $0.append("x")
            }
        }
        #expect(client.problem?.word == "error" && client.problem?.error != nil)

        try await concurrently(300) { number in
            let key = keys[number % keys.count] + ":\(number)"
            let replies = try await client.pipeline {
                $0.add("SET", key, number)
                $0.add("DEL", key)
            }
            #expect(replies == [.status("OK"), .integer(1)])
        }
        let cancelled = Loop.task { try await client.command("GET", keys[0]) }
        cancelled.cancel()
        let cancellation = await #expect(throws: RedisError.self) { try await cancelled.value }
        #expect(cancellation?.code == .cancelled)

        client.close()
        let closed = await #expect(throws: RedisError.self) { try await client.command("GET", keys[0]) }
        #expect(closed?.outcomeIsUnknown == false)
    }
}
