import EventLoop

struct DemoCommand: Command {
    static let help = CommandHelp(
        name: "demo",
        summary: "Tell the story: orders in, two tabs on two replicas, services killed, nothing lost",
        options: [
            .init(name: "orders", value: "N", text: "orders in each act (1 to 1000, default 20)"),
            .init(name: "no-kill", text: "leave out the acts in which a service is killed"),
        ],
        examples: ["waybill demo", "waybill demo --orders 50", "waybill demo --no-kill"])

    private let orders: Int
    private let kills: Bool

    init(_ arguments: Arguments) throws {
        orders = try arguments.integer("orders", in: 1...1000, default: 20)
        kills = !arguments.has("no-kill")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let story = try await DemoStory(context)
        defer { story.end() }
        try await story.openTabs()
        try await story.tell(
            "Two tabs of one user on two replicas; a third tab of somebody else", orders: orders, during: nil)
        if kills {
            try await story.tell("The replica of the second tab is killed (kill -9)", orders: orders) {
                stack in
                stack.notification[1]
            }
            try await story.tell("order-process is killed (kill -9)", orders: orders) { stack in
                stack.process[0]
            }
        }
        return story.conclude()
    }
}
