import EventLoop
internal import JSON

struct CancelCommand: Command {
    static let help = CommandHelp(
        name: "cancel", arguments: "ORDER", summary: "Cancel an order that is not being processed yet",
        options: [.user], examples: ["waybill cancel 1042", "waybill cancel 1042 --user CUST-0002"])

    private let arguments: Arguments

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count == 1, Int(arguments.positional[0]) != nil else {
            throw CommandError(.usage, "cancel takes the number of one order", remedy: "waybill orders")
        }
        self.arguments = arguments
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let api = try await context.api(as: arguments["user"])
        let order = try await api.post("/api/orders/\(arguments.positional[0])/cancel", nil)
        context.console.print(context.console.wantsJSON ? order.text : OrderText.summary(of: order))
        return .success
    }
}
