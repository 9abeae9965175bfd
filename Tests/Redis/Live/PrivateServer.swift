import EventLoop
import Foundation
import TestSupport

@testable import Redis

/// A server owned by the test, which can kill, stop and restart it.
@Loop
final class PrivateServer {
    nonisolated static let program = [
        "/usr/bin/redis-server", "/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

    private let folder: URL
    private var process = Process()
    let port: UInt16

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "waybill-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try await FreePorts.choose(1)[0]
        try start()
    }

    func start() throws {
        process = Process()
        process.executableURL = URL(filePath: Self.program!)
        process.arguments = [
            "--bind", "127.0.0.1", "--port", "\(port)", "--dir", folder.path, "--appendonly", "yes", "--save",
            "",
            "--logfile", folder.appending(path: "log").path,
        ]
        try process.run()
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func remove() {
        signal(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: Endpoint(host: "127.0.0.1", port: port))
        configuration.commandTimeout = .milliseconds(500)
        configuration.connectTimeout = .milliseconds(500)
        configuration.keepAlive = .milliseconds(200)
        configuration.backoff = Backoff(base: .milliseconds(5), cap: .milliseconds(50))
        return configuration
    }
}
