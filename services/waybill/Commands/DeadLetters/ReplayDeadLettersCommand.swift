import Bytes
import EventLoop
internal import JSON
import Messaging

struct ReplayDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq replay", arguments: "MESSAGE… | --all",
        summary: "Replay dead-lettered messages to their queues, however long ago they failed",
        options: [.queue, .all], exitsWithOne: "a message was not found",
        examples: [
            "waybill dlq replay 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e",
            "waybill dlq replay --all --queue order.processed",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let messages: Set<ByteString>?

    init(_ arguments: Arguments) throws {
        queues = try arguments.queues
        messages = try arguments.messages("dlq replay")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let progress = ProgressIndicator(context.console, "replaying")
        let replayed = try await context.withServers { servers in
            try await DeadLetterOperations(servers).replay(queues, messages) { progress.update($0, of: $1) }
        }.map(\.id)
        progress.end()
        // A message without an id is identified by its body's digest.
        let missing = (messages ?? []).subtracting(replayed.map { ByteString($0) }).sorted().map(\.text)
            .filter { !$0.hasPrefix("body-") }
        show(replayed, missing, context.console)
        return missing.isEmpty ? .success : .failure
    }

    private func show(_ replayed: [String], _ missing: [String], _ console: Terminal) {
        if console.wantsJSON {
            return console.print(
                .object([
                    .init("replayed", .array(replayed.map { .string($0) })),
                    .init("missing", .array(missing.map { .string($0) })),
                ]))
        }
        console.print("\(replayed.count) replayed")
        for name in missing { console.print("\(name.printable) was not found") }
    }
}
