import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Redis

/// Against a real cluster that the test starts and breaks.
@Suite(.serialized, .enabled(if: RedisClusterServers.isAvailable), .timeLimit(.minutes(3)))
@Loop struct RedisClusterTests {
    @Test func pipelinesScriptsAndChannelsUseAllNodes() async throws {
        try await LiveCluster.with { live in
            let keys = (0..<300).map { "key:\($0)" }
            _ = try await live.client.pipeline { for key in keys { $0.add("SET", key, key) } }
            let replies = try await live.client.pipeline { for key in keys { $0.add("GET", key) } }
            #expect(replies.map(\.string) == keys)
            #expect(Set(keys.compactMap { live.primary(of: $0) }).count == 3)

            let script = RedisScript("return KEYS[1] .. ':' .. redis.call('INCR', KEYS[2]) .. ':' .. ARGV[1]")
            for round in 1...3 {
                let results = try await live.client.evaluate(script, count: 60, keys: 2, arguments: 1) {
                    $1.append("{\($0)}k")
                    $1.append("{\($0)}n")
                    $1.append($0)
                }
                #expect(results.map(\.string) == (0..<60).map { "{\($0)}k:\(round):\($0)" })
                if round == 2 { _ = try await live.ask(live.servers.nodes[0], "SCRIPT", "FLUSH") }
            }

            let channels = (0..<1500).map { "channel:\($0)" }
            try await concurrently(channels.count) { try await live.subscriber.subscribe(channels[$0]) }
            let receivers = try await live.client.pipeline {
                for channel in channels { $0.add("SPUBLISH", channel, channel) }
            }
            #expect(receivers.allSatisfy { $0 == .integer(1) })
            try await eventually("all messages are received") { live.messages.count == channels.count }
            #expect(live.restored.isEmpty && live.subscriber.channels == channels.count)
            for channel in channels { live.subscriber.unsubscribe(channel) }
            try await eventually("nobody receives") {
                try await live.client.pipeline { for channel in channels { $0.add("SPUBLISH", channel, "") } }
                    .allSatisfy { $0 == .integer(0) }
            }
        }
    }

    /// A hanging one keeps its connections: timeouts alone show that it is gone.
    @Test(arguments: [SIGKILL, SIGSTOP])
    func aLostPrimaryFailsItsShardAloneAndIsReplaced(signal: Int32) async throws {
        try await LiveCluster.with { live in
            let keys = (0..<60).map { "key:\($0)" }
            let channels = (0..<300).map { "channel:\($0)" }
            for channel in channels { try await live.subscriber.subscribe(channel) }
            _ = try await live.client.pipeline { for key in keys { $0.add("SET", key, 0) } }
            let lost = try #require(live.primary(of: keys[0]))
            let lostChannels = Set(channels.filter { live.primary(of: $0) == lost })

            let load = Load(live, keys)
            try await eventually("some load") { load.successes > 500 }
            let start = Instant.systemNow()
            live.servers.signal(signal, lost)
            if signal == SIGKILL {
                try await eventually("the loss is noticed") { !live.client.state.isUp }
                #expect(live.client.problem?.word == "unreachable")
            }
            try await eventually("there is another primary", within: .seconds(30)) {
                live.primary(of: keys[0]) != lost && live.client.state.isUp
            }
            let outage = start.duration(to: .systemNow())
            try await eventually("the channels are restored", within: .seconds(10)) {
                lostChannels.isSubset(of: Set(live.restored)) && live.subscriber.state.isUp
            }
            try await load.proceeds()
            let failed = await load.stop()
            print("outage of one shard: \(outage), \(load.successes) calls, \(failed.count) failed")
            let ofOthers = failed.filter { $0.node != lost }
            #expect(!failed.isEmpty && ofOthers.isEmpty, "\(ofOthers.prefix(3))")
            let codes = Set(failed.map(\.code))
            #expect(codes.isSubset(of: [.connectionLost, .notConnected, .timeout]), "\(codes)")

            #expect(Set(live.restored) == lostChannels)
            live.messages = []
            let receivers = try await live.client.pipeline {
                for channel in channels { $0.add("SPUBLISH", channel, channel) }
            }
            #expect(receivers.allSatisfy { $0 == .integer(1) })
            try await eventually("all messages are received") { Set(live.messages) == Set(channels) }

            // The node returns as a replica: nothing changes.
            let replacement = live.primary(of: keys[0])
            if signal == SIGKILL { try live.servers.start(lost) } else { live.servers.signal(SIGCONT, lost) }
            try await eventually("it is a replica", within: .seconds(30)) {
                try await live.servers.ask(lost, "role").hasPrefix("slave")
            }
            let counts = try await live.client.pipeline { for key in keys { $0.add("INCR", key) } }
            #expect(counts.allSatisfy { $0.integer != nil } && live.primary(of: keys[0]) == replacement)
        }
    }

    @Test func aManualFailoverCausesNoError() async throws {
        try await LiveCluster.with { live in
            let keys = (0..<30).map { "key:\($0)" }
            let channels = (0..<100).map { "channel:\($0)" }
            for channel in channels { try await live.subscriber.subscribe(channel) }
            let load = Load(live, keys)
            try await load.proceeds()
            let old = try #require(live.primary(of: keys[0]))
            let moved = Set(channels.filter { live.primary(of: $0) == old })
            try await live.ask(try await live.replica(of: old), "CLUSTER", "FAILOVER")
            try await eventually("the replica is the primary", within: .seconds(20)) {
                live.primary(of: keys[0]) != old
            }
            try await eventually("the channels are restored") { Set(live.restored) == moved }
            try await load.proceeds()
            let failed = await load.stop()
            print("manual failover: \(load.successes) calls, \(failed.count) failed")
            #expect(failed.isEmpty, "\(failed.prefix(3))")
            let receivers = try await live.client.pipeline {
                for channel in channels { $0.add("SPUBLISH", channel, channel) }
            }
            #expect(receivers.allSatisfy { $0 == .integer(1) })
        }
    }

    /// Key by key, so that for a while the keys of one script are on two nodes.
    @Test func aSlotMovesUnderLoadWithoutAnError() async throws {
        try await LiveCluster.with { live in
            let keys = (0..<50).map { "{moving}:\($0)" }
            let slot = HashSlot.of(Array(keys[0].utf8))
            let channels = ["{moving}:channel", "other"]
            for channel in channels { try await live.subscriber.subscribe(channel) }
            let source = try #require(live.primary(of: keys[0]))
            let target = try #require(live.cluster.topology.primaries.first { $0 != source })
            for key in keys + ["{moving}:a", "{moving}:b"] {
                _ = try await live.client.command("SET", key, 0)
            }

            let load = Load(live, keys + ["elsewhere:1", "elsewhere:2", "elsewhere:3"])
            let scripts = ScriptLoad(live, "{moving}:a", "{moving}:b")
            try await load.proceeds()
            let order = ["{moving}:a"] + keys.prefix(10) + ["{moving}:b"] + keys.dropFirst(10)
            try await live.move(slot, order, from: source, to: target)
            try await eventually("the slot has another primary") { live.primary(of: keys[0]) == target }
            try await eventually("its channel is restored") { live.restored == [channels[0]] }
            try await load.proceeds()
            let failed = await load.stop()
            let results = try await scripts.stop()
            print("a slot moved: \(load.successes) calls, \(failed.count) failed, \(results.count) scripts")
            #expect(failed.isEmpty, "\(failed.prefix(3))")

            let counts = try await live.client.pipeline { for key in keys { $0.add("GET", key) } }
            #expect(counts.compactMap(\.integer) == keys.map { load.increments[$0] ?? 0 })
            #expect(results == Array(1...results.count))
            for channel in channels {
                #expect(try await live.client.command("SPUBLISH", channel, channel) == .integer(1))
            }
            try await eventually("both messages are received") { Set(live.messages) == Set(channels) }
        }
    }
}

/// The real cluster, with a client and a subscriber that run.
@Loop
final class LiveCluster {
    let servers: RedisClusterServers
    let cluster: RedisCluster
    let client: RedisClusterClient
    let subscriber: RedisClusterSubscriber
    var messages: [String] = []
    private(set) var restored: [String] = []

    static func with(_ body: @Loop (LiveCluster) async throws -> Void) async throws {
        try await RedisClusterServers.with { servers in
            let live = LiveCluster(servers)
            let runs = [
                Loop.task { await live.cluster.run() }, Loop.task { await live.client.run() },
                Loop.task { await live.subscriber.run() },
            ]
            var failure: (any Error)?
            do {
                try await eventually("connected") { live.client.state.isUp && live.subscriber.state.isUp }
                try await body(live)
            } catch { failure = error }
            live.client.close()
            live.subscriber.close()
            live.cluster.close()
            for run in runs { await run.value }
            if let failure { throw failure }
        }
    }

    private init(_ servers: RedisClusterServers) {
        self.servers = servers
        var configuration = RedisConfiguration(endpoint: servers.nodes[0])
        configuration.password = RedisClusterServers.password
        configuration.commandTimeout = .seconds(2)
        cluster = RedisCluster(configuration, seeds: servers.nodes)
        client = RedisClusterClient(cluster)
        subscriber = RedisClusterSubscriber(cluster)
        subscriber.onMessage = { [unowned self] in messages.append(String(decoding: $1, as: UTF8.self)) }
        subscriber.onRestored = { [unowned self] in
            restored += $0.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func primary(of key: String) -> Endpoint? {
        cluster.topology.primary(of: HashSlot.of(Array(key.utf8)))
    }

    @discardableResult
    func ask(_ node: Endpoint, _ words: String...) async throws -> RedisValue {
        let connection = try await RedisConnection.connect(to: node, cluster.configuration)
        defer { connection.close() }
        return try await connection.pipeline { batch in
            batch.begin(words.count)
            for word in words { batch.append(word) }
        }[0].get()
    }

    func replica(of primary: Endpoint) async throws -> Endpoint {
        var replica: Endpoint?
        // A busy node may count as failed for a moment.
        try await eventually("the primary has a replica") {
            for range in try await ask(primary, "CLUSTER", "SLOTS").array ?? [] {
                let ports = range.array?.dropFirst(2).compactMap { $0.array?[1].integer } ?? []
                guard ports.count == 2, ports[0] == Int(primary.port) else { continue }
                replica = Endpoint(host: primary.host, port: UInt16(ports[1]))
            }
            return replica != nil
        }
        return try #require(replica)
    }

    /// As `redis-cli --cluster reshard` moves a slot, one key at a time.
    func move(_ slot: Int, _ keys: [String], from source: Endpoint, to target: Endpoint) async throws {
        let sourceID = try await ask(source, "CLUSTER", "MYID").string ?? ""
        let targetID = try await ask(target, "CLUSTER", "MYID").string ?? ""
        try await ask(target, "CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", sourceID)
        try await ask(source, "CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", targetID)
        for key in keys {
            try await ask(
                source, "MIGRATE", target.host, "\(target.port)", key, "0", "5000", "AUTH",
                RedisClusterServers.password)
        }
        try await ask(target, "CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID)
        try await ask(source, "CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID)
    }
}

/// Tasks that increment keys, one command a call, until they are stopped.
@Loop
private final class Load {
    struct Failure {
        let node: Endpoint?
        let code: RedisError.Code
    }

    private(set) var successes = 0
    private(set) var failures: [Failure] = []
    private(set) var increments: [String: Int] = [:]
    private var isStopping = false
    private var tasks: [Task<Void, Never>] = []

    init(_ live: LiveCluster, _ keys: [String]) {
        tasks = keys.map { key in
            Loop.task { [self] in
                while !isStopping {
                    let node = live.primary(of: key)
                    do {
                        increments[key] = try await live.client.command("INCR", key).integer
                        successes += 1
                    } catch {
                        failures.append(Failure(node: node, code: (error as? RedisError)?.code ?? .cancelled))
                    }
                    // The loop is also that of other tests.
                    try? await Loop.sleep(for: .milliseconds(10))
                }
            }
        }
    }

    /// Waits for more of it to succeed.
    func proceeds() async throws {
        let enough = successes + 500
        try await eventually("load succeeds") { successes > enough }
    }

    func stop() async -> [Failure] {
        isStopping = true
        for task in tasks { await task.value }
        return failures
    }
}

/// A task that runs a script of two keys, several times in one pipeline, until it is stopped.
@Loop
private final class ScriptLoad {
    private var isStopping = false
    private var task: Task<[Int], any Error>?

    init(_ live: LiveCluster, _ first: String, _ second: String) {
        let script = RedisScript(
            "if redis.call('INCR', KEYS[1]) == redis.call('INCR', KEYS[2]) then return redis.call('GET', KEYS[1]) end"
        )
        task = Loop.task { [self] in
            var results: [Int] = []
            while !isStopping {
                let replies = try await live.client.evaluate(script, count: 3, keys: 2, arguments: 0) {
                    $1.append(first)
                    $1.append(second)
                }
                results += try replies.map { try $0.get().integer ?? -1 }
                try await Loop.sleep(for: .milliseconds(5))
            }
            return results
        }
    }

    /// What the scripts returned, in their order.
    func stop() async throws -> [Int] {
        isStopping = true
        return try await task?.value ?? []
    }
}
