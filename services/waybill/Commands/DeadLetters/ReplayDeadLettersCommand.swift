import EventLoop
internal import JSON
import Messaging

struct ReplayDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq replay", arguments: "MESSAGE… | --all",
        summary: "Replay dead-lettered messages to their queues, however long ago they failed",
        options: [.queue, .all], exitsWithOne: "a message was not found, or not replayed",
        examples: [
            "waybill dlq replay 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e",
            "waybill dlq replay --all --queue order.processed",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let messages: Set<String>?

    init(_ arguments: Arguments) throws {
        queues = try arguments.queues
        messages = try arguments.messages("dlq replay")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let progress = ProgressIndicator(context.console, "replaying")
        let replay = try await context.withServers { servers in
            try await DeadLetterOperations(servers).replay(queues, messages) { progress.update($0, of: $1) }
        }
        progress.end()
        let handled = replay.sent.map(\.envelope.id) + replay.refused.map(\.name)
        // A message without an id is identified by its body's digest.
        let missing = (messages ?? []).subtracting(handled).filter { !$0.hasPrefix("body-") }.sorted()
        show(replay, missing, context.console)
        return replay.refused.isEmpty && missing.isEmpty ? .success : .failure
    }

    private func show(_ replay: DeadLetterOperations.Replay, _ missing: [String], _ console: Terminal) {
        if console.wantsJSON {
            return console.print(
                .object([
                    .init("replayed", .array(replay.sent.map { .string($0.envelope.id) })),
                    .init("restored", .number(String(replay.restored))),
                    .init(
                        "refused",
                        .array(
                            replay.refused.map {
                                .object([
                                    .init("name", .string($0.name)),
                                    .init("why", .string($0.reason.rawValue)),
                                ])
                            })),
                    .init("missing", .array(missing.map { .string($0) })),
                ]))
        }
        console.print("\(replay.sent.count) replayed")
        if replay.restored > 0 {
            console.print("\(replay.restored) of their workflows had expired and were restored")
        }
        for refused in replay.refused {
            console.print("\(refused.name.printable) stays: \(refused.reason.rawValue)")
        }
        for name in missing { console.print("\(name.printable) was not found") }
    }
}
