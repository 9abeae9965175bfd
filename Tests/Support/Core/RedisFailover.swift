package import EventLoop
import Foundation

/// A Redis primary, its replica, and three sentinels: real servers on free ports, all owned by the test.
@Loop
package final class RedisFailover {
    package nonisolated static let isAvailable = ["redis-server", "redis-cli"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    /// The sentinels' name of the primary.
    package nonisolated static let name = "waybill"
    package nonisolated static let password = "failover-test"
    /// Milliseconds without an answer after which a sentinel considers the primary down.
    private nonisolated static let downAfter = 1000

    private let folder: URL
    private let ports: [UInt16]
    private var processes: [UInt16: Process] = [:]

    /// The two servers: the initial primary, and its replica.
    package var first: Endpoint { Endpoint(host: "127.0.0.1", port: ports[0]) }
    package var second: Endpoint { Endpoint(host: "127.0.0.1", port: ports[1]) }
    package var sentinels: [Endpoint] { ports[2...].map { Endpoint(host: "127.0.0.1", port: $0) } }

    /// Runs `body` once the three sentinels have discovered the primary, its replica and each other.
    package static func with(_ body: @Loop (RedisFailover) async throws -> Void) async throws {
        let failover = try await RedisFailover()
        var failure: (any Error)?
        do {
            try await failover.start()
            try await body(failover)
        } catch { failure = error }
        failover.remove()
        if let failure { throw failure }
    }

    private init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "waybill-failover-\(UUID().uuidString)")
        ports = try await FreePorts.choose(5)
    }

    private func start() async throws {
        try start(first)
        try start(second, replicaOf: first)
        try await eventually("the replica is in sync", within: .seconds(20)) {
            try await self.ask(self.second, "info", "replication").contains("master_link_status:up")
        }
        for sentinel in sentinels { try startSentinel(sentinel) }
        try await eventually("the sentinels discovered all servers", within: .seconds(30)) {
            for sentinel in self.sentinels {
                let facts = try await self.ask(sentinel, "info", "sentinel")
                guard facts.contains("status=ok"), facts.contains("slaves=1,sentinels=3") else {
                    return false
                }
            }
            return true
        }
    }

    // MARK: Faults

    /// Starts a server, also a killed one: with its data, in the role that the sentinels assign.
    package func start(_ server: Endpoint, replicaOf primary: Endpoint? = nil) throws {
        var words = ["--masterauth", Self.password, "--requirepass", Self.password, "--appendonly", "yes"]
        if let primary { words += ["--replicaof", primary.host, "\(primary.port)"] }
        // At once: the default delay serves many replicas that connect together.
        words += ["--repl-diskless-sync-delay", "0"]
        try run(server, words)
    }

    private func startSentinel(_ sentinel: Endpoint) throws {
        let file = folder.appending(path: "sentinel-\(sentinel.port).conf")
        let lines = [
            "sentinel monitor \(Self.name) \(first.host) \(first.port) 2",
            "sentinel auth-pass \(Self.name) \(Self.password)",
            "sentinel down-after-milliseconds \(Self.name) \(Self.downAfter)",
            "sentinel failover-timeout \(Self.name) 5000",
        ]
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        try run(sentinel, ["--sentinel"], configuration: file)
    }

    private func run(_ server: Endpoint, _ words: [String], configuration: URL? = nil) throws {
        let directory = folder.appending(path: "\(server.port)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/redis-server")
        process.arguments =
            (configuration.map { [$0.path] } ?? [])
            + [
                "--bind", server.host, "--port", "\(server.port)", "--dir", directory.path, "--save", "",
                "--logfile", directory.appending(path: "log").path,
            ] + words
        try process.run()
        processes[server.port] = process
    }

    package func signal(_ number: Int32, _ server: Endpoint) {
        if let process = processes[server.port] { kill(process.processIdentifier, number) }
    }

    /// Forces a failover of a healthy primary, without waiting for its end.
    package func depose() async throws { _ = try await ask(sentinels[0], "sentinel", "failover", Self.name) }

    /// Stops replication to the replica.
    package func cutReplication() async throws {
        _ = try await ask(second, "config", "set", "masterauth", "not-\(Self.password)")
        _ = try await ask(first, "client", "kill", "type", "replica")
        try await eventually("replication has stopped") {
            try await self.ask(self.second, "info", "replication").contains("master_link_status:down")
        }
    }

    // MARK: Queries

    /// The primary, according to the first sentinel.
    package func primary() async throws -> Endpoint? {
        let lines = try await ask(sentinels[0], "sentinel", "get-master-addr-by-name", Self.name)
            .split(separator: "\n")
        guard lines.count == 2, let port = UInt16(lines[1]) else { return nil }
        return Endpoint(host: String(lines[0]), port: port)
    }

    /// `master` or `slave`.
    package func role(of server: Endpoint) async throws -> String {
        String(try await ask(server, "role").prefix { $0 != "\n" })
    }

    /// The output of `redis-cli`; empty for a server that does not answer.
    package func ask(_ server: Endpoint, _ words: String...) async throws -> String {
        let account = sentinels.contains(server) ? [] : ["--no-auth-warning", "-a", Self.password]
        return try await Program.run(
            ["redis-cli", "-h", server.host, "-p", "\(server.port)"] + account + words, within: .seconds(5)
        ).output
    }

    private func remove() {
        for process in processes.values where process.isRunning {
            kill(process.processIdentifier, SIGCONT)
            kill(process.processIdentifier, SIGKILL)
        }
        try? FileManager.default.removeItem(at: folder)
    }
}
