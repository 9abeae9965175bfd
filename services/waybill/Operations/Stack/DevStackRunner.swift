import EventLoop
import Foundation

/// The repository around this command, with the scripts that run a stack on this machine.
struct DevStackRunner: Sendable {
    private static let stackScript = "infra/local/bin/stack"

    let root: String

    /// Searches upwards from the working directory, and then from this executable's directory.
    init() throws(CommandError) {
        let starts = [FileManager.default.currentDirectoryPath, Self.executableFolder].compactMap(\.self)
        guard let root = starts.lazy.compactMap({ Self.root(above: $0) }).first else {
            throw CommandError(
                .unavailable, "this is not a checkout of Waybill, which has the scripts that run a stack",
                remedy: "cd to the folder of README.md and infra/")
        }
        self.root = root
    }

    private static func root(above folder: String) -> String? {
        var url = URL(filePath: folder)
        while url.path() != "/" {
            if FileManager.default.isExecutableFile(atPath: url.appending(path: stackScript).path()) {
                return url.path()
            }
            url = url.deletingLastPathComponent()
        }
        return nil
    }

    private static var executableFolder: String? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .map { URL(filePath: $0).deletingLastPathComponent().path() }
    }

    struct Ended: Sendable {
        let status: Int32
        /// Empty unless captured.
        let output: String
    }

    /// Runs a script of `infra/local/bin` to its end; on cancellation it is interrupted first. Its output
    /// goes to standard error, or is captured.
    @Loop func run(
        _ script: String, _ words: [String] = [], environment: [String: String] = [:], catching: Bool = false
    ) async throws -> Ended {
        let process = Process()
        process.executableURL = URL(filePath: root).appending(path: "infra/local/bin/\(script)")
        process.arguments = words
        process.currentDirectoryURL = URL(filePath: root)
        process.environment = Self.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = catching ? output.fileHandleForWriting : FileHandle.standardError
        let interruption = Interruption(process)
        return try await withTaskCancellationHandler {
            let status: Int32 = try await waitUntilExit(process)
            try? output.fileHandleForWriting.close()
            // A few lines: they are all in the pipe by now.
            let bytes = catching ? try output.fileHandleForReading.readToEnd() ?? Data() : Data()
            try Task.checkCancellation()
            return Ended(status: status, output: String(decoding: bytes, as: UTF8.self))
        } onCancel: {
            Loop.task { interruption.inject() }
        }
    }

    @Loop private func waitUntilExit(_ process: Process) async throws -> Int32 {
        let end: Result<Int32, any Error> = await Loop.suspend { continuation in
            process.terminationHandler = { process in
                let status = process.terminationStatus
                Loop.task { continuation.resume(returning: .success(status)) }
            }
            do { try process.run() } catch { continuation.resume(returning: .failure(error)) }
        }
        return try end.get()
    }

    /// The services' executables are in this one's directory, unless the environment says otherwise.
    private static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if environment["WAYBILL_BIN"] == nil, let folder = executableFolder,
            FileManager.default.isExecutableFile(atPath: "\(folder)/order-accept")
        {
            environment["WAYBILL_BIN"] = folder
        }
        return environment
    }

    @Loop private final class Interruption {
        private let process: Process

        init(_ process: Process) { self.process = process }

        func inject() { if process.isRunning { process.interrupt() } }
    }
}
