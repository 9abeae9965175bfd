import EventLoop
internal import JSON
import Messaging

struct ListDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq list", summary: "List dead-lettered messages by reason, with their orders",
        options: [
            .queue, .reason,
            .init(name: "grep", value: "TEXT", text: "an order, a customer, an id, or part of the reason"),
            .init(name: "limit", value: "N", text: "of each queue (1 to 2000, default 100)"), .watch,
        ],
        examples: [
            "waybill dlq list", "waybill dlq list --queue order.accepted --limit 20 --json",
            "waybill dlq list --grep CUST-0001 --output wide", "waybill dlq list --watch",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let filter: DeadLetterOperations.Filter
    private let limit: Int
    private let isWatched: Bool

    init(_ arguments: Arguments) throws {
        guard arguments.positional.isEmpty else {
            throw CommandError(.usage, "dlq list takes no messages", remedy: "waybill dlq show NAME")
        }
        queues = try arguments.queues
        filter = DeadLetterOperations.Filter(reason: arguments["reason"], text: arguments["grep"])
        limit = try arguments.integer("limit", in: 1...2000, default: 100)
        isWatched = arguments.has("watch")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let operations = DeadLetterOperations(api: try await context.operatorAPI())
        return try await context.show(isWatched: isWatched) {
            Self.display(try await operations.list(queues, filter, limit: limit), context.console)
        }
    }

    static func display(_ listings: [DeadLetterOperations.Listing], _ console: Terminal) -> Display {
        let items = listings.flatMap(\.items)
        guard !items.isEmpty else { return Display(text: "No dead-lettered messages.", json: .array(items)) }
        let more = console.isWide ? ["type", "correlation id", "sent by", "attempts"] : []
        var table = Table(["queue", "message", "failed at", "order", "customer", "reason"] + more)
        for item in items {
            let reason = item.cell("reason")
            table.add(
                [
                    item.cell("queue"), item.cell("id"), item.cell("failedAt"), item.cell("orderId"),
                    item.cell("customerId"), console.isWide ? reason : reason.cut(to: 60),
                ] + (console.isWide ? ["type", "correlationId", "sentBy", "attempt"].map(item.cell) : []))
        }
        var lines = [table.text(console)]
        for listing in listings where !listing.groups.isEmpty {
            lines += ["", console.styled("\(listing.queue.rawValue), by reason", .bold)]
            for group in listing.groups.prefix(20) {
                lines.append("\(group.cell("count")) × \(group.cell("reason"))\n    \(group.cell("words"))")
            }
        }
        let notes = listings.filter { $0.items.count < $0.matching }.map {
            "\($0.queue.rawValue): the oldest \($0.items.count) of \($0.matching); --limit shows more"
        }
        return Display(text: lines.joined(separator: "\n"), notes: notes, json: .array(items))
    }
}
