import Bytes
import EventLoop
internal import JSON
import Messaging

struct DropDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq drop", arguments: "MESSAGE… | --all", summary: "Drop dead-lettered messages permanently",
        options: [.queue, .all, .init(name: "yes", text: "do not ask")],
        exitsWithOne: "a message was not found, or the prompt was declined",
        examples: [
            "waybill dlq drop 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e --yes",
            "waybill dlq drop --all --queue order.failed --yes",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let messages: Set<ByteString>?
    private let isConfirmed: Bool

    init(_ arguments: Arguments) throws {
        queues = try arguments.queues
        messages = try arguments.messages("dlq drop")
        isConfirmed = arguments.has("yes")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if !isConfirmed {
            let what = try await count(context)
            guard let answer = context.console.confirm("Drop \(what) permanently?") else {
                throw CommandError(.usage, "there is no terminal to confirm on", remedy: "add --yes")
            }
            guard answer else { return .failure }
        }
        let progress = ProgressIndicator(context.console, "dropping")
        let dropped = try await context.withServers { servers in
            try await DeadLetterOperations(servers).drop(queues, messages) { progress.update($0, of: $1) }
        }
        progress.end()
        let missing = (messages ?? []).subtracting(dropped.map { ByteString($0.name) }).sorted().map(\.text)
        if context.console.wantsJSON {
            context.console.print(
                .object([
                    .init("dropped", .array(dropped.map { .string($0.name) })),
                    .init("missing", .array(missing.map { .string($0) })),
                ]))
        } else {
            context.console.print("\(dropped.count) dropped")
            for name in missing { context.console.print("\(name.printable) was not found") }
        }
        return missing.isEmpty ? .success : .failure
    }

    /// The count as text. Closes its connections before the user is asked.
    private func count(_ context: CommandContext) async throws -> String {
        if let messages { return messages.count == 1 ? "one message" : "\(messages.count) messages" }
        let counts = try await context.withServers { try await DeadLetterOperations($0).counts() }
        let parts = counts.filter { queues.contains($0.queue) }.map { "\($0.count) of \($0.queue.rawValue)" }
        return "all messages (\(parts.joined(separator: ", ")))"
    }
}
