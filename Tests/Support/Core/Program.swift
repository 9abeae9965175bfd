import Foundation

/// Runs another program to its end, off the loop.
package struct Program: Sendable {
    package struct Result: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// The root of the repository.
    package static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Runs `arguments[0]`, found by the PATH, with this process's environment overridden by `environment`.
    /// It is terminated after `limit`.
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil,
        within limit: Duration = .seconds(120)
    ) async throws -> Result {
        // On a thread that may block: the task pool has as few threads as cores.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Swift.Result { try runBlocking(arguments, environment, folder, limit) })
            }
        }
    }

    private static func runBlocking(
        _ arguments: [String], _ environment: [String: String], _ folder: String?, _ limit: Duration
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        let scratch = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        // Files instead of pipes: a daemon left behind by the program would hold a pipe open.
        let output = scratch.appending(path: "output")
        let errors = scratch.appending(path: "errors")
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + .seconds(Int(limit.components.seconds)))
        timer.setEventHandler { process.terminate() }
        timer.resume()
        process.waitUntilExit()
        timer.cancel()
        return Result(
            status: process.terminationStatus, output: try text(of: output), errors: try text(of: errors))
    }

    private static func text(of file: URL) throws -> String {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
}
