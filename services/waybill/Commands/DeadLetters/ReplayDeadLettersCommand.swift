import Bytes
import EventLoop
internal import JSON

struct ReplayDeadLettersCommand: Command {
    static let help = CommandHelp(
        name: "dlq replay", arguments: "MESSAGE… | --all",
        summary:
            "Replay dead-lettered messages to their queues, however long ago they failed: the oldest one first",
        options: [.queue, .reason, .all],
        exitsWithOne:
            "a message was not found, or failed again; the others were not replayed when the first one did",
        examples: [
            "waybill dlq replay 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e",
            "waybill dlq replay --all --queue order.processed",
        ])

    private let queues: [DeadLetterOperations.Queue]
    private let filter: DeadLetterOperations.Filter
    private let messages: Set<ByteString>?

    init(_ arguments: Arguments) throws {
        queues = try arguments.queues
        filter = DeadLetterOperations.Filter(reason: arguments["reason"])
        messages = try arguments.messages("dlq replay")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let operations = DeadLetterOperations(api: try await context.operatorAPI())
        var (replays, found): ([JSONValue], Set<ByteString>) = ([], [])
        let progress = ProgressIndicator(context.console, "replaying")
        for listing in try await operations.list(queues, filter) {
            let names = operations.chosen(messages, in: listing)
            if names.isEmpty { continue }
            found.formUnion(names.map { ByteString($0) })
            replays.append(
                try await operations.replay(names, of: listing.queue) { replay in
                    progress.update(replay["replayed"]?.int ?? 0, of: names.count)
                })
        }
        progress.end()
        let missing = (messages ?? []).subtracting(found).sorted().map(\.text)
        show(replays, missing, context.console)
        let isGood = replays.allSatisfy { $0["phase"] == "done" && $0["succeeded"] == $0["replayed"] }
        return missing.isEmpty && isGood ? .success : .failure
    }

    private func show(_ replays: [JSONValue], _ missing: [String], _ console: Terminal) {
        func sum(_ name: String) -> Int { replays.reduce(0) { $0 + ($1[name]?.int ?? 0) } }
        let outcomes = replays.flatMap { $0["outcomes"]?.array ?? [] }
        let problems = replays.compactMap { $0["problem"]?.string }
        if console.wantsJSON {
            return console.print(
                .object([
                    .init("replayed", .array(outcomes.compactMap { $0["id"] })),
                    .init("missing", .array(missing.map { .string($0) })),
                    .init("outcomes", .array(outcomes)),
                    .init("problems", .array(problems.map { .string($0) })),
                ]))
        }
        var parts = ["\(sum("replayed")) replayed, \(sum("succeeded")) done"]
        if sum("failedAgain") > 0 { parts.append(console.styled("\(sum("failedAgain")) failed again", .red)) }
        console.print(parts.joined(separator: ", "))
        for problem in problems { console.print("stopped: \(problem.printable)") }
        for name in missing { console.print("\(name.printable) was not found") }
    }
}
