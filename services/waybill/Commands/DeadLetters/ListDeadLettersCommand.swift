import EventLoop
internal import JSON
import Messaging

struct ListDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq list", summary: "List dead-lettered messages, with reasons",
        options: [.queue, .init(name: "limit", value: "N", text: "of each queue (1 to 10000, default 100)")],
        examples: ["waybill dlq list", "waybill dlq list --queue order.accepted --limit 20 --json"])

    private let queues: [DeadLetterOperations.Queue]
    private let limit: Int

    init(_ arguments: Arguments) throws {
        guard arguments.positional.isEmpty else {
            throw CommandError(.usage, "dlq list takes no messages", remedy: "waybill dlq show NAME")
        }
        queues = try arguments.queues
        limit = try arguments.integer("limit", in: 1...10_000, default: 100)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let (found, counts) = try await context.withServers { servers in
            let operations = DeadLetterOperations(servers)
            return (try await operations.list(queues, limit: limit), try await operations.counts())
        }
        show(found, counts.filter { queues.contains($0.queue) }, context.console)
        return .success
    }

    private func show(
        _ found: [DeadLetterOperations.Found], _ counts: [(queue: DeadLetterOperations.Queue, count: Int)],
        _ console: Terminal
    ) {
        if console.wantsJSON { return console.print(.array(found.map(\.json))) }
        guard !found.isEmpty else { return console.print("No dead-lettered messages.") }
        var table = Table(["queue", "message", "failed at", "attempts", "reason"])
        for message in found {
            let envelope = message.message.envelope
            table.add([
                message.queue.rawValue, message.message.name.printable,
                envelope.failure?.failedAt.printable ?? "-", "\(envelope.attempt)",
                message.reason.printable.cut(to: 80),
            ])
        }
        console.print(table.text(console))
        for (queue, count) in counts where count > limit {
            console.note("\(queue.rawValue): the oldest \(limit) of \(count)")
        }
    }
}
