import EventLoop

struct DemoCommand: Command {
    static let help = CommandHelp(
        name: "demo", arguments: "[failover]", argumentValues: .words(["failover"]),
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
                text: "failover: the page's path (default: failover.html beside the stack's file)",
                values: .files),
        ],
        examples: [
            "waybill demo", "waybill demo --orders 50", "waybill demo --no-kill", "waybill demo failover",
        ])

    private static let recovery = Duration.seconds(60)

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
        let health = try StackHealth()
        let before = await health.check(try context.stack.read())
        let code = try await runScenario(context)
        // What was killed may still be starting.
        try await context.console.waiting("waiting until all is as it was") {
            try await Watching.until("the recovery of what was killed", within: Self.recovery) {
                let now = await health.check(try context.stack.read())
                return before.allSatisfy { entry in
                    !entry.state.isHealthy || now.contains { $0.name == entry.name && $0.state.isHealthy }
                }
            }
        }
        return code
    }

    private func runScenario(_ context: CommandContext) async throws -> ExitCode {
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
