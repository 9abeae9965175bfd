package import EventLoop
import Foundation

/// A Redis Cluster of three primaries with a replica each: real servers on free ports, all owned by the test.
@Loop
package final class RedisClusterServers {
    package nonisolated static let isAvailable = RedisFailover.isAvailable
    package nonisolated static let password = "cluster-test"
    /// Milliseconds without an answer after which nodes consider another one down.
    private nonisolated static let nodeTimeout = 1000

    private let folder: URL
    private let ports: [UInt16]
    private var processes: [UInt16: Process] = [:]

    package var nodes: [Endpoint] { ports.prefix(6).map { Endpoint(host: "127.0.0.1", port: $0) } }

    /// Runs `body` once the cluster covers all slots and each primary has a replica in sync.
    package static func with(_ body: @Loop (RedisClusterServers) async throws -> Void) async throws {
        let servers = try await RedisClusterServers()
        var failure: (any Error)?
        do {
            try await servers.start()
            try await body(servers)
        } catch { failure = error }
        await servers.remove()
        if let failure { throw failure }
    }

    private init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "waybill-cluster-\(UUID().uuidString)")
        // For clients, and for the nodes among themselves.
        ports = try await FreePorts.choose(12)
    }

    private func start() async throws {
        for node in nodes { try start(node) }
        for node in nodes {
            try await eventually("\(node) answers") { try await ask(node, "ping").hasPrefix("PONG") }
        }
        let addresses = zip(ports.prefix(6), ports.suffix(6)).map { "127.0.0.1:\($0)@\($1)" }
        let created = try await Program.run(
            ["redis-cli", "--no-auth-warning", "-a", Self.password, "--cluster", "create"] + addresses
                + ["--cluster-replicas", "1", "--cluster-yes"], within: .seconds(60))
        try await eventually("the nodes agree", within: .seconds(60)) {
            for node in nodes {
                guard try await ask(node, "cluster", "info").contains("cluster_state:ok"),
                    try await ask(node, "cluster", "nodes").split(separator: "\n")
                        .count(where: { $0.contains(" slave ") || $0.contains(",slave ") }) == 3
                else { return false }
                let replication = try await ask(node, "info", "replication")
                guard replication.contains("master_link_status:up") || replication.contains("slave0:"),
                    !replication.contains("slave0:") || replication.contains("state=online")
                else { return false }
            }
            return true
        }
        guard created.status == 0 else { throw ConditionTimeout(what: created.output, limit: .zero) }
    }

    // MARK: Faults

    /// Starts a node, also a killed one: with its data.
    package func start(_ node: Endpoint) throws {
        guard let index = nodes.firstIndex(of: node) else { return }
        let directory = folder.appending(path: "\(node.port)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/redis-server")
        process.arguments = [
            "--bind", node.host, "--port", "\(node.port)", "--dir", directory.path, "--save", "",
            "--logfile", directory.appending(path: "log").path, "--appendonly", "yes",
            "--cluster-enabled", "yes", "--cluster-port", "\(ports[index + 6])",
            "--cluster-node-timeout", "\(Self.nodeTimeout)",
            // A shard without a primary leaves the others in service.
            "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0",
            "--requirepass", Self.password, "--masterauth", Self.password,
        ]
        try process.run()
        processes[node.port] = process
    }

    package func signal(_ number: Int32, _ node: Endpoint) {
        if let process = processes[node.port] { kill(process.processIdentifier, number) }
    }

    /// The output of `redis-cli`; empty for a server that does not answer.
    package func ask(_ node: Endpoint, _ words: String...) async throws -> String {
        try await Program.run(
            ["redis-cli", "-h", node.host, "-p", "\(node.port)", "--no-auth-warning", "-a", Self.password]
                + words, within: .seconds(5)
        ).output
    }

    private func remove() async {
        for process in processes.values where process.isRunning {
            kill(process.processIdentifier, SIGCONT)
            kill(process.processIdentifier, SIGKILL)
        }
        // One that still runs would write into the folder.
        try? await eventually("the servers have ended") { processes.values.allSatisfy { !$0.isRunning } }
        try? FileManager.default.removeItem(at: folder)
    }
}
