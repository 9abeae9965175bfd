import EventLoop

struct DemoCommand: Command {
    static let help = CommandHelp(
        name: "demo", arguments: "[failover]",
        summary: "Run a scenario: orders in, tabs on several replicas, services killed, nothing lost",
        options: [
            .init(name: "orders", value: "N", text: "orders in each step (1 to 1000, default 20)"),
            .init(name: "no-kill", text: "skip the steps in which a service is killed"),
            .init(
                name: "users", value: "N",
                text: "failover: users, with a tab in each protocol (1 to 100, default 20)"),
            .init(
                name: "seconds", value: "N",
                text: "failover: how long orders are placed (10 to 600, default 24)"),
            .init(
                name: "rate", value: "N",
                text: "failover: orders a second, of all users (1 to 200, default 20)"),
            .init(
                name: "page", value: "FILE",
                text: "failover: the page's path (default: failover.html beside the stack's file)"),
        ],
        examples: [
            "waybill demo", "waybill demo --orders 50", "waybill demo --no-kill", "waybill demo failover",
        ])

    private let orders: Int
    private let kills: Bool
    private let failover: FailoverRun?

    init(_ arguments: Arguments) throws {
        guard arguments.positional.isEmpty || arguments.positional == ["failover"] else {
            throw CommandError(.usage, "there is no such scenario", remedy: "waybill demo [failover]")
        }
        var plan = FailoverScenario.Plan()
        plan.users = try arguments.integer("users", in: 1...100, default: plan.users)
        plan.seconds = try arguments.integer("seconds", in: 10...600, default: plan.seconds)
        plan.rate = try arguments.integer("rate", in: 1...200, default: plan.rate)
        failover = arguments.positional.isEmpty ? nil : FailoverRun(plan: plan, page: arguments["page"])
        orders = try arguments.integer("orders", in: 1...1000, default: 20)
        kills = !arguments.has("no-kill")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if let failover { return try await failover.run(context) }
        let scenario = try await DemoScenario(context)
        defer { scenario.end() }
        try await scenario.openTabs()
        try await scenario.runStep(
            "Two tabs of one user on two replicas; a third tab of another user", orders: orders, during: nil)
        if kills, scenario.canKill {
            try await scenario.runStep("The replica of the second tab is killed (kill -9)", orders: orders) {
                stack in
                stack.notification[1]
            }
            try await scenario.runStep("order-process is killed (kill -9)", orders: orders) { stack in
                stack.process[0]
            }
        }
        return scenario.conclude()
    }
}
