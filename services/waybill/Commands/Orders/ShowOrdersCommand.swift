import EventLoop
internal import JSON

struct ShowOrdersCommand: Command {
    static let help = CommandHelp(
        name: "orders", arguments: "[ORDER]", summary: "List a user's orders, newest first, or show one",
        options: [.user, .init(name: "size", value: "N", text: "how many (1 to 100, default 10)")],
        examples: ["waybill orders", "waybill orders --user CUST-0002 --size 50", "waybill orders --json"])

    private let arguments: Arguments
    private let size: Int

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count <= 1 else {
            throw CommandError(.usage, "orders takes at most one order")
        }
        self.arguments = arguments
        size = try arguments.integer("size", in: 1...100, default: 10)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let api = try await context.api(as: arguments.user)
        if let id = arguments.positional.first {
            let order = try await api.get("/api/orders/\(id)")
            context.console.print(context.console.wantsJSON ? order.text : OrderText.summary(of: order))
            return .success
        }
        let page = try await api.get("/api/orders?offset=0&size=\(size)")
        if context.console.wantsJSON {
            context.console.print(page)
            return .success
        }
        var table = Table(["order", "created", "status", "total", "items"])
        for order in page["items"]?.array ?? [] {
            table.add([
                order["id"]?.text ?? "", order["createdAt"]?.string ?? "", order["status"]?.string ?? "",
                order["total"]?.text ?? "", "\(order["items"]?.array?.count ?? 0)",
            ])
        }
        context.console.print(table.text(context.console))
        context.console.note("\(page["total"]?.text ?? "0") in all")
        return .success
    }
}
