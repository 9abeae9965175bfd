import EventLoop
internal import JSON
import Messaging

struct ListDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq list", summary: "List dead-lettered messages, with reasons",
        options: [
            .queue, .init(name: "limit", value: "N", text: "of each queue (1 to 10000, default 100)"), .watch,
        ],
        examples: [
            "waybill dlq list", "waybill dlq list --queue order.accepted --limit 20 --json",
            "waybill dlq list --watch",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let limit: Int
    private let isWatched: Bool

    init(_ arguments: Arguments) throws {
        guard arguments.positional.isEmpty else {
            throw CommandError(.usage, "dlq list takes no messages", remedy: "waybill dlq show NAME")
        }
        queues = try arguments.queues
        limit = try arguments.integer("limit", in: 1...10_000, default: 100)
        isWatched = arguments.has("watch")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        try await context.show(isWatched: isWatched) {
            let (found, counts) = try await context.withServers { servers in
                let operations = DeadLetterOperations(servers)
                return (try await operations.list(queues, limit: limit), try await operations.counts())
            }
            return display(found, counts.filter { queues.contains($0.queue) }, context.console)
        }
    }

    private func display(
        _ found: [DeadLetterOperations.Found], _ counts: [(queue: DeadLetterOperations.Queue, count: Int)],
        _ console: Terminal
    ) -> Display {
        let json = JSONValue.array(found.map(\.json))
        guard !found.isEmpty else { return Display(text: "No dead-lettered messages.", json: json) }
        let more = console.isWide ? ["type", "correlation id", "sent by"] : []
        var table = Table(["queue", "message", "failed at", "attempts", "reason"] + more)
        for message in found {
            let envelope = message.message.envelope
            let row = [
                message.queue.rawValue, message.message.name, envelope.failure?.failedAt ?? "-",
                "\(envelope.attempt)", console.isWide ? message.reason : message.reason.cut(to: 80),
            ]
            let wide = console.isWide ? [envelope.type, envelope.correlationID, envelope.appID] : []
            table.add((row + wide).map(\.printable))
        }
        let notes = counts.filter { $0.count > limit }.map {
            "\($0.queue.rawValue): the oldest \(limit) of \($0.count)"
        }
        return Display(text: table.text(console), notes: notes, json: json)
    }
}
