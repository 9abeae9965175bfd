import EventLoop
import Foundation
import JSON
import TestSupport
import Testing

extension WholeStackTests {
    /// Runs every example of `waybill --help` unchanged.
    @Suite struct HelpExampleTests {
        /// Placeholders in the examples, replaced by real values.
        private static let order = "1042"
        private static let message = "0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e"
        /// These start and stop stacks, or need a stopped one: other tests run them with a stack of their own.
        private static let startsStacks: Set = ["up", "down", "restored"]
        /// Whether it runs until Ctrl-C.
        private static func isEndless(_ line: String, of command: String) -> Bool {
            if command == "watch" { return !line.contains("--count") }
            return line.contains("--follow") || (line.contains("--watch") && command != "order")
        }

        /// Command → its examples, as help prints them.
        private static func examples(_ stack: Stack) async throws -> [(command: String, lines: [String])] {
            let commands = try await stack.waybillJSON("--help").array ?? []
            var found: [(command: String, lines: [String])] = []
            for name in commands.compactMap({ $0["name"]?.string }) {
                let words = name.split(separator: " ").map(String.init) + ["--help"]
                let page = try await Program.run(
                    ["\(Stack.binaries)/waybill"] + words, in: Stack.repository)
                #expect(page.status == 0)
                let section = try #require(page.output.components(separatedBy: "\nExamples:\n").last)
                let lines = section.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("waybill \(name)") }, "\(name)")
                found.append((name, lines))
            }
            return found
        }

        /// Runs a line with `waybill` on the PATH.
        private static func run(
            _ line: String, _ environment: [String: String], in directory: String? = nil,
            within limit: Duration = .seconds(100)
        ) async throws -> Program.Result {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let folder =
                Stack.binaries.hasPrefix("/") ? Stack.binaries : "\(Stack.repository)/\(Stack.binaries)"
            return try await Program.run(
                ["bash", "-c", "exec \(line)"],
                environment: environment.merging(["PATH": "\(folder):\(path)"]) { $1 },
                in: directory ?? Stack.repository, within: limit)
        }

        @Test @Loop func everyExampleSucceeds() async throws {
            let stack = try await Stack.shared()
            // The contexts of this test alone, and a token for one of them.
            let home = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: home) }
            try await stack.waybill("token", "CUST-0001").output.write(
                to: home.appending(path: "token.txt"), atomically: true, encoding: .utf8)
            let environment = ["WAYBILL_STACK": stack.file, "XDG_CONFIG_HOME": home.path()]
            for (command, lines) in try await Self.examples(stack) where !Self.startsStacks.contains(command)
            {
                for line in lines where !Self.needsThreeNotifiers(line) {
                    let result: Program.Result
                    switch command {
                    case "explain":
                        let placed = try await stack.waybillJSON("order", "AZ-104")
                        let id = try #require(placed["id"]?.int)
                        result = try await Self.run(line.replacing(Self.order, with: "\(id)"), environment)
                    case "cancel": result = try await Self.cancelling(line, stack, environment)
                    case _ where line.contains(Self.message):
                        let id = try await Self.deadLetterMessage(stack)
                        result = try await Self.run(line.replacing(Self.message, with: id), environment)
                    case _ where command.hasPrefix("context"):
                        result = try await Self.run(line, environment, in: home.path())
                    case _ where Self.isEndless(line, of: command):
                        result = try await Self.run(line, environment, within: .seconds(3))
                        #expect(result.status == 130, "\(line): \(result.status) \(result.errors)")
                        continue
                    case "watch": result = try await Self.watching(line, stack)
                    default: result = try await Self.run(line, environment)
                    }
                    // The doctor may report problems, since another test leaves a message, or the machine is small; a
                    // replayed message fails again.
                    let accepted: Set<Int32> =
                        ["doctor", "problems", "dlq replay"].contains(command) ? [0, 1] : [0]
                    #expect(
                        accepted.contains(result.status),
                        "\(line): \(result.status) \(result.output) \(result.errors)")
                    if line.contains("--json") {
                        for text in result.output.split(separator: "\n") {
                            #expect(throws: Never.self) { try JSONValue(parsing: String(text)) }
                        }
                    }
                }
            }
        }

        /// Places an order that is not processed while the example runs: order-process is stopped with
        /// SIGSTOP.
        private static func cancelling(
            _ line: String, _ stack: Stack, _ environment: [String: String]
        ) async throws -> Program.Result {
            let words = line.split(separator: " ").map(String.init)
            let user = words.firstIndex(of: "--user").map { words[$0 + 1] } ?? "CUST-0001"
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: stack.file)))
            let processors = try JSONValue(parsing: bytes.span)["process"]?.array ?? []
            let pids = processors.compactMap { $0["pid"]?.int }.map(String.init)
            _ = try await Program.run(["kill", "-STOP"] + pids)
            let result: Program.Result
            do {
                let placed = try await stack.waybillJSON("order", "AZ-104", "--user", user)
                let id = try #require(placed["id"]?.int)
                result = try await run(line.replacing(order, with: "\(id)"), environment)
            } catch {
                _ = try await Program.run(["kill", "-CONT"] + pids)
                throw error
            }
            _ = try await Program.run(["kill", "-CONT"] + pids)
            #expect(result.output.contains("CANCELLED"))
            return result
        }

        /// Places orders until the watcher has received as many updates as it waits for.
        @Loop private static func watching(_ line: String, _ stack: Stack) async throws -> Program.Result {
            let words = line.split(separator: " ").dropFirst().map(String.init)
            let watching = Watch(stack, words)
            while !watching.isOver { _ = try await stack.waybill("order", "AZ-104", "--user", "CUST-0001") }
            return try await watching.result()
        }

        private static func needsThreeNotifiers(_ line: String) -> Bool { line == "waybill demo failover" }

        /// A message that order-process dead-letters, by its id.
        private static func deadLetterMessage(_ stack: Stack) async throws -> String {
            var id = ""
            try await ServerAccess.with(stack) { servers in
                let cid = servers.newID()
                id = try await servers.publish("order.accepted", ["no": "order"], workflow: cid)
                try await eventually("it is dead-lettered", within: .seconds(30)) {
                    try await stack.waybill("dlq", "show", id).status == 0
                }
            }
            return id
        }

        /// `up` and `down`, on ports and in a directory of their own.
        @Test func upAndDownStartAndStopAStack() async throws {
            let stack = try await Stack.shared()
            let base = try #require(ProcessInfo.processInfo.environment["WAYBILL_VAR_BASE"])
            let free = try await Program.run(["infra/local/bin/stack", "free-offset"], in: Stack.repository)
            let offset = free.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let environment = ["WAYBILL_PORT_OFFSET": offset, "WAYBILL_VAR": "\(base)/\(offset)"]
            let examples = try await Self.examples(stack)
            for command in ["up", "down"] {
                let lines = try #require(examples.first { $0.command == command }?.lines)
                for line in lines {
                    let result = try await Self.run(line, environment)
                    #expect(result.status == 0, "\(line): \(result.output) \(result.errors)")
                    guard command == "up" else { continue }
                    let status = try await Self.run("waybill status", environment)
                    #expect(status.status == 0, "\(status.output)")
                    guard line.contains("--notifiers 3") else { continue }
                    for scenario in examples.flatMap(\.lines).filter(Self.needsThreeNotifiers) {
                        let result = try await Self.run(scenario, environment)
                        #expect(result.status == 0, "\(scenario): \(result.output) \(result.errors)")
                    }
                }
            }
            #expect(try await Self.run("waybill status", environment).status == 69)
        }
    }
}
