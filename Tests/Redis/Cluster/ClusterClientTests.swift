import EventLoop
import TestSupport
import Testing

@testable import Redis

/// `bar` has slot 5061, of the first node; `foo` has slot 12182, of the second.
@Suite(.timeLimit(.minutes(1))) @Loop struct ClusterClientTests {
    @Test func pipelinesAreSplitAndRepliesKeepTheOrderOfTheCommands() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { ScriptedCluster.bulk("\($1[1])@\($0)") }
        try await servers.withClient { client, _ in
            let keys = ["foo", "bar", "{bar}1", "{foo}1", "{bar}2", "foo"]
            let replies = try await client.pipeline { batch in for key in keys { batch.add("GET", key) } }
            #expect(replies.map(\.string) == ["foo@1", "bar@0", "{bar}1@0", "{foo}1@1", "{bar}2@0", "foo@1"])
            #expect(servers.received.map(\.count) == [3, 3])
            // Commands without a key go where the others go.
            let info = try await client.pipeline {
                $0.add("INFO", "server")
                $0.add("GET", "foo")
            }
            #expect(info.map(\.string) == ["server@1", "foo@1"])
            #expect(try await client.pipeline { _ in }.isEmpty)
        }
    }

    @Test func movedCommandsFollowAndTheirSlotIsLearned() async throws {
        let servers = try await ScriptedCluster()
        servers.slots = [(0...16_383, 0)]
        servers.answer = { [unowned servers] node, words in
            guard words[1] == "foo", node == 0 else { return ":\(node)\r\n" }
            // What a refresh says from now on.
            servers.slots = [(0...12_181, 0), (12_182...12_182, 1), (12_183...16_383, 0)]
            return servers.redirection("MOVED", 12_182, to: 1)
        }
        try await servers.withClient { client, _ in
            func ask() async throws -> [RedisValue] {
                try await client.pipeline {
                    $0.add("INCR", "bar")
                    $0.add("INCR", "foo")
                    $0.add("INCR", "{bar}")
                }
            }
            var replies = try await ask()
            #expect(replies == [.integer(0), .integer(1), .integer(0)])
            #expect(
                servers.received == [
                    [["INCR", "bar"], ["INCR", "foo"], ["INCR", "{bar}"]], [["INCR", "foo"]],
                ])
            replies = try await ask()
            #expect(replies == [.integer(0), .integer(1), .integer(0)])
            #expect(servers.received[0].count == 5 && servers.received[1].count == 2)
        }
    }

    @Test func aMovedHostMayBeEmpty() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { [unowned servers] node, _ in
            node == 0 ? "-MOVED 5061 :\(servers.endpoint(1).port)\r\n" : ":1\r\n"
        }
        try await servers.withClient { client, _ in
            let reply = try await client.command("GET", "bar")
            #expect(reply == .integer(1))
        }
    }

    @Test func askedNodesAreAskedOnce() async throws {
        let servers = try await ScriptedCluster(3)
        servers.answer = { [unowned servers] node, words in
            node == 0
                ? servers.redirection("ASK", 5061, to: 2) : words[0] == "ASKING" ? "+OK\r\n" : ":\(node)\r\n"
        }
        try await servers.withClient { client, _ in
            for _ in 0..<2 {
                let replies = try await client.pipeline {
                    $0.add("GET", "bar")
                    $0.add("GET", "foo")
                    $0.add("GET", "{bar}2")
                }
                #expect(replies == [.integer(2), .integer(1), .integer(2)])
            }
            #expect(servers.received[0].count == 4)
            let asked = [["ASKING"], ["GET", "bar"], ["ASKING"], ["GET", "{bar}2"]]
            #expect(servers.received[2] == asked + asked)
        }
    }

    @Test(arguments: ["TRYAGAIN x", "CLUSTERDOWN x", "LOADING x"])
    func commandsThatAreRefusedForNowAreSentAgain(error: String) async throws {
        let servers = try await ScriptedCluster()
        var refusals = 3
        servers.answer = { node, words in
            guard words[1] == "foo", refusals > 0 else { return ":\(node)\r\n" }
            refusals -= 1
            return "-\(error)\r\n"
        }
        try await servers.withClient { client, _ in
            let replies = try await client.pipeline {
                $0.add("GET", "foo")
                $0.add("GET", "bar")
            }
            #expect(replies == [.integer(1), .integer(0)])
            #expect(servers.received.map(\.count) == [1, 4])
        }
    }

    @Test func aCommandThatStaysRefusedHasTheErrorAsItsReply() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { _, words in words[1] == "foo" ? "-TRYAGAIN x\r\n" : "+OK\r\n" }
        try await servers.withClient(commandTimeout: .seconds(1)) { client, _ in
            let start = Instant.systemNow()
            let replies = try await client.pipeline {
                $0.add("GET", "foo")
                $0.add("GET", "bar")
            }
            #expect(start.duration(to: .systemNow()) < .seconds(2))
            guard case .error(let error) = replies[0] else { return #expect(Bool(false), "\(replies)") }
            // The last attempt may be too late for its reply.
            #expect([.server(prefix: "TRYAGAIN"), .timeout].contains(error.code))
            #expect(replies[1] == .status("OK") && servers.received[0].count == 1)
        }
    }

    @Test func redirectionsHaveALimit() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { [unowned servers] node, _ in servers.redirection("MOVED", 5061, to: 1 - node) }
        try await servers.withClient { client, _ in
            let replies = try await client.pipeline { $0.add("GET", "bar") }
            guard case .error(let error) = replies[0] else { return #expect(Bool(false), "\(replies)") }
            #expect(error.code == .moved && !error.description.contains("5061"))
            #expect(servers.received[0].count + servers.received[1].count == 1 + ClusterAttempts.limit)
        }
    }

    @Test func missingScriptsAreLoadedWhereTheyAreMissing() async throws {
        let servers = try await ScriptedCluster()
        var known: Set<Int> = []
        servers.answer = { node, words in
            if words[0] == "SCRIPT" {
                known.insert(node)
                return ScriptedCluster.bulk("digest")
            }
            return known.contains(node) ? ScriptedCluster.bulk("\(words[3]),\(words[4])") : "-NOSCRIPT x\r\n"
        }
        let script = RedisScript("return 1")
        try await servers.withClient { client, _ in
            let keys = ["foo", "bar", "{foo}1", "{bar}1"]
            func evaluate() async throws -> [String?] {
                try await client.evaluate(script, count: 4, keys: 1, arguments: 1) {
                    $1.append(keys[$0])
                    $1.append($0)
                }.map(\.string)
            }
            var results = try await evaluate()
            #expect(results == ["foo,0", "bar,1", "{foo}1,2", "{bar}1,3"])
            let loads = servers.received.map { $0.count { $0[0] == "SCRIPT" } }
            #expect(loads == [1, 1] && servers.received.map(\.count) == [3, 5])
            known = [0]
            results = try await evaluate()
            #expect(results == ["foo,0", "bar,1", "{foo}1,2", "{bar}1,3"])
            #expect(servers.received[1].suffix(3).map { $0[0] } == ["SCRIPT", "EVALSHA", "EVALSHA"])
            #expect(servers.received.map(\.count) == [5, 10])
        }
    }

    /// Its own answer, since nobody gave a source.
    @Test func anUnknownDigestOfAPipelineIsNotSentAgain() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { _, _ in "-NOSCRIPT x\r\n" }
        try await servers.withClient { client, _ in
            let replies = try await client.pipeline { $0.add("EVALSHA", "digest", 1, "foo") }
            #expect(replies[0].isNoScript && servers.received[1].count == 1)
        }
    }

    @Test func aLostConnectionFailsThePipelineAfterItsOtherPartsAndNothingIsSentAgain() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { _, words in words[1] == "foo" ? nil : "+OK\r\n" }
        try await servers.withClient { client, _ in
            let error = await #expect(throws: RedisError.self) {
                try await client.pipeline {
                    $0.add("SET", "bar", "1")
                    $0.add("SET", "foo", "1")
                }
            }
            #expect(error?.code == .connectionLost && error?.outcomeIsUnknown == true)
            try await client.ready(within: .seconds(5))
            #expect(try await client.command("SET", "bar", "2") == .status("OK"))
            #expect(servers.received[0].count == 2 && servers.received[1] == [["SET", "foo", "1"]])
        }
    }

    @Test func aNodeThatIsDownFailsItsCommandsAloneAndNothingIsSent() async throws {
        let servers = try await ScriptedCluster()
        try await servers.withClient(commandTimeout: .seconds(3)) { client, _ in
            servers.take(down: 1)
            try await eventually("the loss is noticed") { !client.state.isUp }
            #expect(client.problem?.word == "unreachable" && client.isPartial)
            let start = Instant.systemNow()
            let error = await #expect(throws: RedisError.self) {
                try await client.pipeline {
                    $0.add("SET", "bar", "1")
                    $0.add("SET", "foo", "1")
                }
            }
            #expect(error?.code == .notConnected && error?.outcomeIsUnknown == false)
            #expect(start.duration(to: .systemNow()) < .seconds(3))
            #expect(servers.received[0].isEmpty)
            #expect(try await client.command("SET", "bar", "1") == .status("OK"))
            // Its slots get another primary while a call waits.
            servers.slots = [(0...16_383, 0)]
            try await eventually("the other node has the slots") {
                (try? await client.command("SET", "foo", "1")) == .status("OK")
            }
            #expect(client.state.isUp && client.problem == nil)
        }
    }

    /// A command was run, another one cannot be sent to where it was redirected: the latter has the error as its reply.
    @Test func aRedirectionToANodeThatIsDownIsTheReplyOfItsCommand() async throws {
        let servers = try await ScriptedCluster(3)
        servers.take(down: 2)
        servers.answer = { [unowned servers] _, words in
            words[1] == "foo" ? servers.redirection("ASK", 12_182, to: 2) : "+OK\r\n"
        }
        try await servers.withClient(commandTimeout: .seconds(5)) { client, _ in
            let replies = try await client.pipeline {
                $0.add("GET", "foo")
                $0.add("GET", "bar")
            }
            guard case .error(let error) = replies[0] else { return #expect(Bool(false), "\(replies)") }
            #expect(error.code == .notConnected, "\(error.code) \(error.message)")
            #expect(replies[1] == .status("OK"))
        }
    }

    @Test func aRedirectedCommandThatIsLostFailsAlone() async throws {
        let servers = try await ScriptedCluster(3)
        servers.answer = { [unowned servers] node, words in
            guard words[1] == "foo" else { return "+OK\r\n" }
            servers.slots = [(0...8191, 0), (8192...16_383, 2)]
            return node == 2 ? nil : servers.redirection("MOVED", 12_182, to: 2)
        }
        try await servers.withClient { client, _ in
            let replies = try await client.pipeline {
                $0.add("SET", "foo", "1")
                $0.add("SET", "bar", "1")
            }
            guard case .error(let error) = replies[0] else { return #expect(Bool(false), "\(replies)") }
            #expect(error.outcomeIsUnknown && replies[1] == .status("OK"))
            #expect(servers.received.map(\.count) == [1, 1, 1])
        }
    }

    @Test func problemIsThatOfTheFirstNodeThatRefuses() async throws {
        let servers = try await ScriptedCluster()
        servers.answer = { _, words in words[1] == "foo" ? "-OOM x\r\n" : "-ERR x\r\n" }
        try await servers.withClient { client, _ in
            var refusals = 0
            client.onRefusal = { refusals += 1 }
            _ = try await client.pipeline { $0.add("SET", "foo", "1") }
            #expect(client.problem?.word == "oom" && refusals == 1 && client.state.isUp)
            let script = RedisScript("return 1")
            script.digest = "x"
            await #expect(throws: RedisError.self) {
                try await client.evaluate(script, keys: 1, arguments: 0) { $0.append("bar") }
            }
            #expect(client.problem?.word == "error" && refusals == 2)
        }
    }
}
