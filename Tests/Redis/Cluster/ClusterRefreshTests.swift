import EventLoop
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) @Loop struct ClusterRefreshTests {
    @Test func uncoveredSlotsAreUnreachableUntilTheyAreCovered() async throws {
        let servers = try await ScriptedCluster()
        servers.slots = [(0...8191, 0)]
        try await servers.withClient(commandTimeout: .milliseconds(500), ready: false) { client, cluster in
            #expect(client.problem?.word == "unreachable")
            var states: [Bool] = []
            client.onStateChange = { states.append($0.isUp) }
            try await eventually("a topology") { !cluster.topology.primaries.isEmpty }
            #expect(client.problem?.word == "unreachable")
            try await eventually("the node of other slots answers") {
                (try? await client.command("GET", "bar")) == .status("OK")
            }
            let error = await #expect(throws: RedisError.self) { try await client.command("GET", "foo") }
            #expect(error?.code == .notConnected)
            // Nobody has to ask for it.
            servers.slots = [(0...8191, 0), (8192...16_383, 1)]
            try await eventually("all slots are covered") { client.state.isUp }
            #expect(client.problem == nil && states.last == true)
        }
    }

    @Test func manyRedirectionsCauseFewRefreshes() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { [unowned servers] node, words in
            words[0] == "ASKING" || node == 1 ? ":1\r\n" : servers.redirection("MOVED", 5061, to: 1)
        }
        try await servers.withClient { client, _ in
            let start = Instant.systemNow()
            for _ in 0..<20 {
                try await concurrently(20) { _ in _ = try await client.command("GET", "bar") }
            }
            let most = 3 + Int(start.duration(to: .systemNow()).seconds / 0.4)
            #expect(servers.refreshes <= most, "\(servers.refreshes)")
        }
    }

    /// The seed names a node that knows more than the seed does later.
    @Test func knownNodesAreAskedFirstAndSeedsWhenTheyDoNotAnswer() async throws {
        let servers = try await ScriptedCluster(3)
        servers.slots = [(0...16_383, 1)]
        // A busy machine may need more than the usual time for the first one's connection.
        try await servers.withClient(queryTimeout: .seconds(2)) { client, cluster in
            var asked: [Int] = []
            servers.answersSlots = {
                asked.append($0)
                return $0 == 0
            }
            servers.slots = [(0...16_383, 2)]
            cluster.refresh()
            try await eventually("the new primary") { cluster.topology.primaries == [servers.endpoint(2)] }
            #expect(asked == [1, 0])
            #expect(try await client.command("GET", "bar") == .status("OK"))
            #expect(servers.received == [[], [], [["GET", "bar"]]])
        }
    }

    /// Its connection stays open until the keep-alive ends it, seconds later.
    @Test func aHangingNodeIsReplacedAfterATimeout() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { node, _ in node == 1 ? "" : "+OK\r\n" }
        try await servers.withClient(commandTimeout: .milliseconds(200)) { client, cluster in
            let before = servers.refreshes
            servers.slots = [(0...16_383, 0)]
            let error = await #expect(throws: RedisError.self) { try await client.command("GET", "foo") }
            #expect(error?.code == .timeout)
            try await eventually("the nodes are asked", within: .seconds(2)) { servers.refreshes > before }
            try await eventually("the other node answers") {
                (try? await client.command("GET", "foo")) == .status("OK")
            }
        }
    }

    @Test func anAnswerWithoutSlotsIsNone() async throws {
        let servers = try await ScriptedCluster()
        try await servers.withClient { client, cluster in
            servers.slots = []
            cluster.refresh()
            try await eventually("it was asked again") { cluster.lastError != nil }
            #expect(client.state.isUp)
            #expect(try await client.command("GET", "bar") == .status("OK"))
        }
    }

    @Test func aServerThatIsNoClusterIsRefused() async throws {
        let server = try await ScriptedServer.answering { _ in
            "-ERR This instance has cluster support disabled\r\n"
        }
        defer { server.close() }
        let cluster = RedisCluster(server.configuration)
        let client = RedisClusterClient(cluster)
        let runs = [Loop.task { await cluster.run() }, Loop.task { await client.run() }]
        try await eventually("it is refused") { client.problem?.word == "refused" }
        for run in runs { run.cancel() }
        for run in runs { await run.value }
        await #expect(throws: RedisError.self) { try await client.command("GET", "bar") }
    }

    @Test func nodesThatAreNoPrimariesAreLeft() async throws {
        let servers = try await ScriptedCluster()
        try await servers.withClient { client, cluster in
            #expect(servers.nodes[1].open >= 1)
            servers.slots = [(0...16_383, 0)]
            cluster.refresh()
            try await eventually("the node is left") { servers.nodes[1].open == 0 }
            #expect(try await client.command("GET", "foo") == .status("OK"))
            client.close()
            cluster.close()
            try await eventually("all connections are closed") { servers.nodes[0].open == 0 }
        }
    }
}
