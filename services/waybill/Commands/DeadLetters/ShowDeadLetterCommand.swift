import EventLoop
internal import JSON
import Messaging
internal import Observability

struct ShowDeadLetterCommand: Command {
    static let help = CommandHelp(
        name: "dlq show", arguments: "MESSAGE",
        summary: "Show one dead-lettered message: envelope, reason and body",
        options: [.queue], exitsWithOne: "there is no such message",
        examples: [
            "waybill dlq show 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e",
            "waybill dlq show 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e --json",
        ])

    /// How many messages of a queue are searched.
    private static let depth = 10_000

    private let queues: [DeadLetterOperations.Queue]
    private let name: String

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count == 1 else {
            throw CommandError(.usage, "dlq show takes one message", remedy: "waybill dlq list")
        }
        name = arguments.positional[0]
        queues = try arguments.queues
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let found = try await context.withServers { servers in
            try await DeadLetterOperations(servers).list(queues, limit: Self.depth)
        }
        let copies = found.filter { $0.message.name == name }
        guard !copies.isEmpty else {
            throw CommandError(.failure, "there is no message \(name)", remedy: "waybill dlq list")
        }
        for copy in copies {
            if context.console.wantsJSON {
                context.console.print(copy.json)
            } else {
                show(copy, context.console)
            }
        }
        return .success
    }

    private func show(_ found: DeadLetterOperations.Found, _ console: Terminal) {
        let envelope = found.message.envelope
        var table = Table(["message", found.message.name.printable])
        let rows = [
            ("queue", found.queue.rawValue), ("reason", found.reason),
            ("failed at", envelope.failure?.failedAt ?? "-"), ("attempts", "\(envelope.attempt)"),
            ("type", envelope.type), ("correlation id", envelope.correlationID), ("sent by", envelope.appID),
            ("trace", envelope.trace?.traceparent ?? "-"), ("caused by", envelope.causationID ?? "-"),
            ("replayed", envelope.isReplay ? "yes" : "no"),
            (
                "body",
                found.message.isDefective ? "too large or malformed" : "\(found.message.body.count) bytes"
            ),
        ]
        for (name, value) in rows { table.add([name, value.printable]) }
        console.print(table.text(console))
        console.print(found.body?.indented ?? String(decoding: found.message.body, as: UTF8.self).printable)
    }
}
