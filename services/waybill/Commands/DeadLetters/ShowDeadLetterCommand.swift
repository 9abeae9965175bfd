import EventLoop
internal import JSON

struct ShowDeadLetterCommand: Command {
    static let help = CommandHelp(
        name: "dlq show", arguments: "MESSAGE",
        summary: "Show one dead-lettered message: envelope, reason and body",
        options: [.queue], exitsWithOne: "there is no such message",
        examples: [
            "waybill dlq show 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e",
            "waybill dlq show 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e --json",
        ])

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
        let found = try await DeadLetterOperations(api: context.operatorAPI()).show(name, in: queues)
        guard !found.isEmpty else {
            throw CommandError(.failure, "there is no message \(name)", remedy: "waybill dlq list")
        }
        for message in found {
            if context.console.wantsJSON {
                context.console.print(Self.withParsedBody(message))
            } else {
                show(message, context.console)
            }
        }
        return .success
    }

    /// Nil when it is not JSON.
    private static func body(of message: JSONValue) -> JSONValue? {
        message["body"]?.string.flatMap { try? JSONValue(parsing: $0) }
    }

    private static func withParsedBody(_ message: JSONValue) -> JSONValue {
        guard let body = body(of: message), let members = message.members else { return message }
        return .object(members.map { $0.key == "body" ? .init("body", body) : $0 })
    }

    private func show(_ message: JSONValue, _ console: Terminal) {
        var table = Table(["message", message.cell("id")])
        let rows = [
            ("queue", "queue"), ("reason", "reason"), ("failed at", "failedAt"), ("attempts", "attempt"),
            ("order", "orderId"), ("customer", "customerId"), ("type", "type"),
            ("correlation id", "correlationId"), ("sent by", "sentBy"), ("trace", "traceId"),
            ("caused by", "causationId"), ("replayed", "isReplay"), ("unreadable", "isDefective"),
        ]
        for (name, key) in rows { table.add([name, message.cell(key)]) }
        console.print(table.text(console))
        console.print(Self.body(of: message)?.indented ?? message.cell("body"))
    }
}
