import EventLoop
internal import JSON

struct QueuesCommand: Command {
    static let help = CommandHelp(
        name: "queues", summary: "Show the queues: what waits, for how long, and who consumes them",
        options: [.watch], exitsWithOne: "nobody consumes a queue",
        examples: ["waybill queues", "waybill queues --watch", "waybill queues --json"])

    private let isWatched: Bool

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("queues")
        isWatched = arguments.has("watch")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        try await context.showState(isWatched: isWatched, Self.display)
    }

    static func display(_ state: JSONValue, _ console: Terminal) -> Display {
        guard let queues = state["queues"]?.array else {
            return Display(
                text: console.styled("RabbitMQ does not answer the console.", .red),
                notes: ["waybill problems"], json: .null, code: .failure)
        }
        var table = Table(["queue", "ready", "in hand", "oldest", "consumers", "retrying", "dead"])
        for queue in queues {
            let age = queue["ageMs"]?.int ?? 0
            table.add([
                queue.cell("name"), queue.cell("ready"), queue.cell("unacked"),
                age < 1000 ? "-" : "≤ \(age / 1000) s", queue.cell("consumers"), queue.cell("retrying"),
                queue.cell("dead"),
            ])
        }
        let waiting = state["waiting"]
        let count = waiting?["waiting"]?.int ?? 0
        let notes =
            count == 0
            ? []
            : [
                "\(count) orders wait to be recorded, the oldest for \((waiting?["ageMs"]?.int ?? 0) / 1000) s"
            ]
        return Display(
            text: table.text(console), notes: notes, json: .array(queues),
            code: queues.allSatisfy { $0["consumers"]?.int != 0 } ? .success : .failure)
    }
}
