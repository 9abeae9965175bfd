import EventLoop
internal import JSON

struct ShowOrdersCommand: Command {
    static let help = CommandHelp(
        name: "orders", arguments: "[ORDER]", summary: "List a user's orders, newest first, or show one",
        options: [.user, .init(name: "size", value: "N", text: "how many (1 to 100, default 10)"), .watch],
        examples: [
            "waybill orders", "waybill orders --user CUST-0002 --size 50", "waybill orders --output wide",
            "waybill orders --watch", "waybill orders --json",
        ])

    private let arguments: Arguments
    private let size: Int

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count <= 1 else {
            throw CommandError(.usage, "orders takes at most one order", remedy: "waybill orders 1042")
        }
        self.arguments = arguments
        size = try arguments.integer("size", in: 1...100, default: 10)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let api = try await context.api(as: arguments["user"])
        return try await context.show(isWatched: arguments.has("watch")) {
            if let id = arguments.positional.first {
                let order = try await api.get("/api/orders/\(PercentEncoding.encode(id))")
                return Display(text: OrderText.summary(of: order), json: order)
            }
            return display(try await api.get("/api/orders?offset=0&size=\(size)"), context.console)
        }
    }

    private func display(_ page: JSONValue, _ console: Terminal) -> Display {
        let more = console.isWide ? ["currency", "correlation id", "products"] : []
        var table = Table(["order", "created", "status", "total", "items"] + more)
        for order in page["items"]?.array ?? [] {
            let items = order["items"]?.array ?? []
            var row = [
                order["id"]?.text ?? "", order["createdAt"]?.string ?? "", order["status"]?.string ?? "",
                order["total"]?.text ?? "", "\(items.count)",
            ]
            if console.isWide {
                let products = items.map { "\($0["productId"]?.string ?? "?"):\($0["quantity"]?.int ?? 0)" }
                row += [
                    order["currency"]?.string ?? "", order["correlationId"]?.string ?? "",
                    products.joined(separator: " "),
                ]
            }
            table.add(row.map(\.printable))
        }
        return Display(
            text: table.text(console), notes: ["\(page["total"]?.text ?? "0") in all"], json: page)
    }
}
