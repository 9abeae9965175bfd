import EventLoop
internal import JSON

struct ProblemsCommand: Command {
    static let help = CommandHelp(
        name: "problems", summary: "Show what is wrong, worst first, what it means, and what to do",
        options: [.watch], exitsWithOne: "one is critical",
        examples: ["waybill problems", "waybill problems --watch", "waybill problems --json"])

    private let isWatched: Bool

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("problems")
        isWatched = arguments.has("watch")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        try await context.showState(isWatched: isWatched, Self.display)
    }

    static func display(_ state: JSONValue, _ console: Terminal) -> Display {
        let problems = state["problems"]?.array ?? []
        let lines = problems.map { problem in
            let isCritical = problem["severity"] == "critical"
            let head = console.styled(problem.cell("severity"), isCritical ? .red : .yellow)
            return "\(head)  \(console.styled(problem.cell("title"), .bold))\n"
                + "    \(problem.cell("meaning"))\n    Next: \(problem.cell("next"))"
        }
        return Display(
            text: lines.isEmpty
                ? "No problems: every service is ready, and nothing waits." : lines.joined(separator: "\n\n"),
            json: .array(problems),
            code: problems.contains { $0["severity"] == "critical" } ? .failure : .success)
    }
}
