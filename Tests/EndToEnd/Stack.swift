import EventLoop
import Foundation
import JSON
import TestSupport

/// The whole stack, started once per test run on ports of its own; the script that runs the tests stops it.
struct Stack: Sendable {
    let file: String
    let folder: String
    let document: JSONValue

    var edge: String { document["edge"]?.string ?? "" }
    /// By TLS, on the port with the same offset.
    var secureEdge: String? {
        edge.split(separator: ":").last.flatMap { Int($0) }.map { "https://127.0.0.1:\($0 + 8443 - 8080)" }
    }
    var accept: String { document["accept"]?[0]?["url"]?.string ?? "" }
    var notifiers: [String] { (document["notification"]?.array ?? []).compactMap { $0["url"]?.string } }
    var redis: JSONValue { document["redis"] ?? .null }
    var databaseURL: String { document["postgres"]?["uri"]?.string ?? "" }
    var brokerURL: String { document["rabbitmq"]?["uri"]?.string ?? "" }

    /// Whether the tests run where a stack can be started: by `make test`.
    static let isAvailable = ProcessInfo.processInfo.environment["WAYBILL_VAR_BASE"] != nil

    static func shared() async throws -> Stack { try await started.value }

    private static let started = Task.detached { try await started(notifiers: 2) }

    /// A separate stack, for a test that disturbs others; the test stops it.
    static func started(notifiers: Int) async throws -> Stack {
        let free = try await script("free-offset")
        let offset = free.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let folder = "\(ProcessInfo.processInfo.environment["WAYBILL_VAR_BASE"]!)/\(offset)"
        let environment = [
            "WAYBILL_PORT_OFFSET": offset, "WAYBILL_VAR": folder, "WAYBILL_NOTIFIERS": "\(notifiers)",
            "LOG_FORMAT": "json",
        ]
        let up = try await script("up", environment)
        guard up.status == 0 else { throw StackDidNotStart(log: up.output + up.errors) }
        let file = "\(folder)/stack.json"
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
        return Stack(file: file, folder: folder, document: try JSONValue(parsing: bytes.span))
    }

    func stop() async throws { _ = try await Self.script("clean", ["WAYBILL_VAR": folder]) }

    private static func script(_ word: String, _ environment: [String: String] = [:]) async throws
        -> Program.Result
    {
        try await Program.run(["infra/local/bin/stack", word], environment: environment, in: repository)
    }

    static let repository = Program.repository

    static var binaries: String { ProcessInfo.processInfo.environment["WAYBILL_BIN"] ?? ".build/debug" }

    /// Runs the operator's command against this stack.
    func waybill(_ words: String..., limit: Duration = .seconds(120)) async throws -> Program.Result {
        try await Program.run(
            ["\(Self.binaries)/waybill"] + words, environment: ["WAYBILL_STACK": file], in: Self.repository,
            within: limit)
    }

    /// The same with `--json`; parses the last line and requires the exit status `status`.
    func waybillJSON(_ words: String..., status: Int32 = 0) async throws -> JSONValue {
        let result = try await Program.run(
            ["\(Self.binaries)/waybill"] + words + ["--json"], environment: ["WAYBILL_STACK": file],
            in: Self.repository)
        guard result.status == status, let line = result.output.split(separator: "\n").last else {
            throw CommandEnded(words: words, result: result)
        }
        return try JSONValue(parsing: String(line))
    }
}

struct StackDidNotStart: Error, CustomStringConvertible {
    let log: String
    var description: String { "the stack did not start:\n\(log)" }
}

/// A command that runs concurrently with a test.
@Loop
final class Watch {
    private(set) var isOver = false
    private var task: Task<Program.Result, any Error>?

    convenience init(_ stack: Stack, _ words: String...) { self.init(stack, words) }

    init(_ stack: Stack, _ words: [String]) {
        task = Loop.task { [self] in
            defer { isOver = true }
            return try await Program.run(
                ["\(Stack.binaries)/waybill"] + words, environment: ["WAYBILL_STACK": stack.file],
                in: Stack.repository)
        }
    }

    func result() async throws -> Program.Result { try await task!.value }
}

struct CommandEnded: Error, CustomStringConvertible {
    let words: [String]
    let result: Program.Result
    var description: String {
        "waybill \(words.joined(separator: " ")) ended with \(result.status):\n\(result.output)\n\(result.errors)"
    }
}
