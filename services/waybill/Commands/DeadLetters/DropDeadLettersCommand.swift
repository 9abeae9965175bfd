import Bytes
import EventLoop
internal import JSON
import Messaging

struct DropDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq drop", arguments: "MESSAGE… | --all", summary: "Drop dead-lettered messages permanently",
        options: [.queue, .reason, .all, .init(name: "yes", text: "do not ask")],
        exitsWithOne: "a message was not found, or the prompt was declined",
        examples: [
            "waybill dlq drop 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e --yes",
            "waybill dlq drop --all --queue order.failed --yes",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let filter: DeadLetterOperations.Filter
    private let messages: Set<ByteString>?
    private let isConfirmed: Bool

    init(_ arguments: Arguments) throws {
        queues = try arguments.queues
        filter = DeadLetterOperations.Filter(reason: arguments["reason"])
        messages = try arguments.messages("dlq drop")
        isConfirmed = arguments.has("yes")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let console = context.console
        let operations = DeadLetterOperations(api: try await context.operatorAPI())
        let chosen = try await operations.list(queues, filter).map {
            (queue: $0.queue, names: operations.chosen(messages, in: $0))
        }.filter { !$0.names.isEmpty }
        if !isConfirmed {
            let what = chosen.map { "\($0.names.count) of \($0.queue.rawValue)" }.joined(separator: ", ")
            let question =
                "Drop \(what.isEmpty ? "nothing" : what) permanently? An order that was not recorded is lost."
            guard let answer = console.confirm(question) else {
                throw CommandError(.usage, "there is no terminal to confirm on", remedy: "add --yes")
            }
            guard answer else { return .failure }
        }
        var dropped: [String] = []
        for (queue, names) in chosen { dropped += try await operations.drop(names, of: queue) }
        let wanted = messages ?? Set(chosen.flatMap(\.names).map { ByteString($0) })
        let missing = wanted.subtracting(dropped.map { ByteString($0) }).sorted().map(\.text)
        if console.wantsJSON {
            console.print(
                .object([
                    .init("dropped", .array(dropped.map { .string($0) })),
                    .init("missing", .array(missing.map { .string($0) })),
                ]))
        } else {
            console.print("\(dropped.count) dropped")
            for name in missing { console.print("\(name.printable) was not found") }
        }
        return missing.isEmpty ? .success : .failure
    }
}
