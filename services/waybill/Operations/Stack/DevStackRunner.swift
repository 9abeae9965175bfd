import EventLoop
import Observability
import Service

/// The repository around this command, with the scripts that run a stack on this machine.
struct DevStackRunner: Sendable {
    private static let stackScript = "infra/local/bin/stack"

    let root: String

    /// Searches upwards from the working directory, and then from this executable's directory.
    init() throws(CommandError) {
        let starts = [SystemCalls.destination(ofLink: "/proc/self/cwd"), Self.executableFolder]
        guard let root = starts.lazy.compactMap({ $0.flatMap { Self.root(at: $0) } }).first else {
            throw CommandError(
                .unavailable, "this is not a checkout of Waybill, which has the scripts that run a stack",
                remedy: "cd to the folder of README.md and infra/")
        }
        self.root = root
    }

    /// The folder, or the nearest above it, that has the scripts.
    private static func root(at folder: String) -> String? {
        var folder = folder
        while !folder.isEmpty {
            if SystemCalls.isExecutableFile("\(folder)/\(stackScript)") { return folder }
            folder = parent(of: folder)
        }
        return nil
    }

    private static func parent(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private static var executableFolder: String? {
        SystemCalls.destination(ofLink: "/proc/self/exe").map { parent(of: $0) }
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
        let child = ChildProcess(
            "\(root)/infra/local/bin/\(script)", words, environment: Self.environment(with: environment),
            directory: root)
        let ended = try await child.run(catching ? .captured : .standardError)
        return Ended(status: ended.status, output: String(decoding: ended.output, as: UTF8.self))
    }

    /// The services' executables are in this one's directory, unless the environment says otherwise.
    private static func environment(with changes: [String: String]) -> [(name: String, value: String)] {
        let process = Environment.process()
        var result = process.variables.filter { changes[$0.name] == nil }
        result += changes.map { ($0.key, $0.value) }
        if process["WAYBILL_BIN"] == nil, let folder = executableFolder,
            SystemCalls.isExecutableFile("\(folder)/order-accept")
        {
            result.append(("WAYBILL_BIN", folder))
        }
        return result
    }
}
