import EventLoop
internal import JSON
internal import Observability

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
            let effects = (problem["effects"]?.array ?? []).compactMap { $0.string?.printable }
            let since = problem["since"]?.int.map { "(since \(RFC3339(milliseconds: Int64($0))))" }
            return
                ([
                    "\(head)  \(console.styled(problem.cell("title"), .bold))",
                    [problem.cell("meaning"), since].compactMap(\.self).joined(separator: " "),
                ]
                + effects.map { "- so \($0.prefix(1).lowercased())\($0.dropFirst())" }
                + ["Next: \(problem.cell("next"))"]).joined(separator: "\n    ")
        }
        return Display(
            text: lines.isEmpty
                ? "No problems: every service is ready, and nothing waits." : lines.joined(separator: "\n\n"),
            json: .array(problems),
            code: problems.contains { $0["severity"] == "critical" } ? .failure : .success)
    }
}
