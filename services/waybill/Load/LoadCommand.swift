import EventLoop
internal import JSON
internal import Observability

struct LoadCommand: Command {
    static let help = CommandHelp(
        name: "load",
        summary: "Place orders at a steady rate, and report the latency of responses and updates",
        options: [
            .init(name: "rate", value: "N", text: "orders a second (1 to 2000, default 50)"),
            .init(
                name: "users", value: "N", text: "users, each with a connected client (1 to 200, default 10)"),
            .init(name: "for", value: "SECONDS", text: "how long (1 to 600, default 10)"),
            .init(
                name: "out", value: "FILE", text: "the report (default: load/TIME.html beside stack.json)",
                values: .files),
        ],
        exitsWithOne: "an order was refused, or had no final update within 30 s",
        examples: [
            "waybill load", "waybill load --rate 100 --users 20 --for 5", "waybill load --for 3 --json",
        ])

    private let plan: LoadPlan
    private let out: String?

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("load")
        plan = try LoadPlan(
            rate: arguments.integer("rate", in: LoadPlan.rates, default: 50),
            users: arguments.integer("users", in: LoadPlan.userLimits, default: 10),
            seconds: arguments.integer("for", in: LoadPlan.durations, default: 10, of: "seconds"))
        out = arguments["out"]
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let console = context.console
        let stack = try context.stack.read()
        let name = "LOAD-\(UInt32.random(in: 0...999_999))"
        let tokens = try await console.waiting("minting \(plan.users) tokens") {
            var tokens: [String] = []
            for number in 0..<plan.users {
                tokens.append(try await context.developmentToken(for: "\(name)-\(number)"))
            }
            return tokens
        }
        let page = try await OrderAPI(base: stack.edge, token: tokens[0]).get(
            "/api/products?offset=0&size=20")
        let products = (page["items"]?.array ?? []).compactMap { $0["externalProductId"]?.string }
        guard !products.isEmpty else { throw CommandError.emptyCatalogue }
        let run = try LoadRun(plan, edge: stack.edge, tokens: tokens, products: products)
        defer { run.closeTabs() }
        try await run.openTabs()
        console.note(
            "\(plan.rate) orders a second of \(plan.users) users for \(plan.seconds) s, at \(stack.edge)")
        try await run.run { show($0, console) }
        console.redraw("")
        let report = LoadReport(
            plan: plan, record: run.record, edge: stack.edge, at: RFC3339.now().description)
        let folder = try context.stack.folder
        let file = out ?? "\(folder)/load/\(report.fileName)"
        try report.write(to: file)
        conclude(report, file, console)
        return report.isClean ? .success : .failure
    }

    /// A line that is redrawn on a terminal, else one per second.
    private func show(_ run: LoadRun, _ console: Terminal) {
        let record = run.record
        let recent = record.orders.suffix(plan.rate * 5)
        let answers = recent.compactMap { order in
            if case .accepted(let time)? = order.outcome { time } else { Duration?.none }
        }
        let refused = record.refusedCount > 0 ? ", \(record.refusedCount) refused" : ""
        let text =
            "\(Int(run.elapsed.seconds)) s  \(record.acceptedCount) accepted, \(record.notifiedCount) notified\(refused)"
            + "  answers: \(Percentiles(answers).text) ms  updates: \(Percentiles(recent.compactMap(\.notified)).text) ms"
        if console.isInteractive { console.redraw(text) } else { console.note(text) }
    }

    private func conclude(_ report: LoadReport, _ file: String, _ console: Terminal) {
        if console.wantsJSON { return console.print(report.json(file: file)) }
        var table = Table(["milliseconds"] + Percentiles.shares.map(\.name))
        for (name, times) in [
            ("answer (201)", report.record.answered), ("update in the tab", report.record.notified),
        ] {
            let values = Percentiles(times).values?.map(Percentiles.text)
            table.add([name] + (values ?? Percentiles.shares.map { _ in "-" }))
        }
        console.print(table.text(console))
        console.print(report.sentence)
        for (reason, count) in report.record.refusals.sorted(by: { $0.value > $1.value }).prefix(5) {
            console.print("  \(count) × \(reason.printable)")
        }
        console.print(file)
    }
}
