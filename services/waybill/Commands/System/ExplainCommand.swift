import EventLoop
internal import JSON

struct ExplainCommand: Command {
    static let help = CommandHelp(
        name: "explain", arguments: "ORDER|CORRELATION-ID",
        summary: "Explain one order: every step that it took, what became of it, and what to do",
        exitsWithOne: "nobody knows the order",
        examples: ["waybill explain 1042", "waybill explain 1042 --json"])

    private let reference: String

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count == 1 else {
            throw CommandError(.usage, "explain takes one order", remedy: "waybill explain 1042")
        }
        reference = arguments.positional[0]
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let answer = try await context.operatorAPI().get(
            "/ops/api/orders/\(PercentEncoding.encode(reference))")
        let console = context.console
        if console.wantsJSON {
            console.print(answer)
        } else {
            for line in Self.lines(answer, console) { console.print(line) }
        }
        return .success
    }

    static func lines(_ answer: JSONValue, _ console: Terminal) -> [String] {
        func text(_ value: JSONValue?) -> String { (value?.string ?? value?.text ?? "–").printable }
        let order = answer["order"]
        var lines = [
            console.styled(
                order?["id"]?.int == nil
                    ? "No order is recorded under this id"
                    : "Order \(text(order?["id"])) of \(text(order?["customerId"]))", .bold),
            text(answer["finding"]?["summary"]),
        ]
        if let next = answer["finding"]?["next"]?.string {
            lines.append("\(console.styled("Next:", .yellow)) \(next.printable)")
        }
        lines += ["", "correlation id  \(text(order?["correlationId"]))"]
        for trace in answer["traces"]?.array ?? [] { lines.append("trace           \(text(trace))") }
        if let key = order?["idempotencyKey"], !key.isNull { lines.append("idempotency key \(text(key))") }
        lines.append("")
        lines += TimelineText(steps: answer["steps"]?.array ?? []).lines(console)
        for message in answer["deadLetters"]?.array ?? [] {
            lines += [
                "",
                "\(console.styled("Dead letter", .red)) \(text(message["id"])) of \(text(message["queue"])): \(text(message["reason"]))",
            ]
        }
        let sessions = answer["sessions"]?.array ?? []
        if !sessions.isEmpty { lines.append("") }
        for session in sessions {
            lines.append(
                "Its owner is connected to \(text(session["replica"])) (\(text(session["protocol"])), since \(text(session["since"])))"
            )
        }
        for unknown in answer["unknown"]?.array ?? [] {
            lines += ["\(console.styled("Not known:", .yellow)) \(text(unknown))"]
        }
        return lines
    }
}
