import EventLoop
import TestSupport

@testable import Redis

/// Scripted nodes that share the slots, for what a real cluster does not show on request.
@Loop
final class ScriptedCluster {
    /// The answer of a node to a command: nil closes the connection, an empty text leaves it without an answer.
    typealias Answer = @Loop (_ node: Int, _ words: [String]) -> String?

    private(set) var nodes: [ScriptedServer] = []
    /// What CLUSTER SLOTS answers: ranges, each with the index of its node.
    var slots: [(ClosedRange<Int>, Int)] = [(0...8191, 0), (8192...16_383, 1)]
    var answer: Answer = { _, _ in "+OK\r\n" }
    /// Commands of each node, without those of connections and topology.
    private(set) var received: [[[String]]] = []
    private(set) var refreshes = 0
    /// Nodes that close each connection. Their ports stay theirs: other tests take free ones.
    private(set) var down: Set<Int> = []
    var answersSlots: @Loop (_ node: Int) -> Bool = { _ in true }

    init(_ count: Int = 2) async throws {
        received = Array(repeating: [], count: count)
        for node in 0..<count {
            nodes.append(try await ScriptedServer { [weak self] in self?.answer(node, $0) })
        }
    }

    func endpoint(_ node: Int) -> Endpoint { nodes[node].configuration.endpoint }

    /// The text of MOVED or ASK.
    func redirection(_ word: String, _ slot: Int, to node: Int) -> String {
        "-\(word) \(slot) \(endpoint(node))\r\n"
    }

    static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    static func push(_ kind: String, _ channel: String, _ last: String = ":1\r\n") -> String {
        "*3\r\n\(bulk(kind))\(bulk(channel))\(last)"
    }

    func close() { for node in nodes { node.close() } }

    func take(down node: Int) {
        down.insert(node)
        nodes[node].dropAll()
    }

    private func answer(_ node: Int, _ text: String) -> String? {
        if down.contains(node) { return nil }
        var answers = ""
        for words in Self.commands(in: text) {
            switch words[0] {
            case "PING": answers += "+PONG\r\n"
            case "CLUSTER":
                refreshes += 1
                if answersSlots(node) { answers += slotsReply }
            default:
                received[node].append(words)
                guard let next = answer(node, words) else { return nil }
                answers += next
            }
        }
        return answers
    }

    private var slotsReply: String {
        "*\(slots.count)\r\n"
            + slots.map { range, node in
                let endpoint = endpoint(node)
                return "*3\r\n:\(range.lowerBound)\r\n:\(range.upperBound)\r\n"
                    + "*3\r\n\(Self.bulk(endpoint.host)):\(endpoint.port)\r\n\(Self.bulk("id"))"
            }.joined()
    }

    private static func commands(in text: String) -> [[String]] {
        var lines = text.components("\r\n")[...]
        var commands: [[String]] = []
        while let line = lines.popFirst(), line.hasPrefix("*"), let count = Int(line.dropFirst()) {
            commands.append(lines.prefix(2 * count).enumerated().compactMap { $0 % 2 == 1 ? $1 : nil })
            lines = lines.dropFirst(2 * count)
        }
        return commands
    }

    /// Runs `body` with a client that is ready unless the test says otherwise.
    func withClient(
        commandTimeout: Duration = .seconds(4), queryTimeout: Duration = RedisCluster.timeout,
        ready: Bool = true,
        _ body: @Loop (RedisClusterClient, RedisCluster) async throws -> Void
    ) async throws {
        var configuration = nodes[0].configuration
        configuration.commandTimeout = commandTimeout
        let cluster = RedisCluster(configuration, seeds: [], timeout: queryTimeout)
        let client = RedisClusterClient(cluster)
        let runs = [Loop.task { await cluster.run() }, Loop.task { await client.run() }]
        var failure: (any Error)?
        do {
            if ready { try await client.ready(within: .seconds(10)) }
            try await body(client, cluster)
        } catch { failure = error }
        client.close()
        cluster.close()
        for run in runs { await run.value }
        close()
        if let failure { throw failure }
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
