import EventLoop
internal import JSON
internal import Observability

struct ShowOrdersCommand: Command {
    static let help = CommandHelp(
        name: "orders", arguments: "[ORDER]",
        summary: "List a user's orders, newest first, or show one; for an operator, those of all users",
        options: [
            .user, .init(name: "size", value: "N", text: "how many (1 to 100, default 10)"),
            .init(name: "all", text: "of all users; for an operator, as are --status and --since"),
            .init(
                name: "status", value: "STATUS", text: "FAILED, CANCELLED, COMPLETED, …",
                values: .suggestions(["FAILED", "CANCELLED", "COMPLETED"])),
            .init(name: "since", value: "TIME", text: "accepted within the last 90s, 10m, 3h or 2d"),
            .init(name: "before", value: "ORDER", text: "only older ones: the next page"), .watch,
        ],
        examples: [
            "waybill orders", "waybill orders --user CUST-0002 --size 50", "waybill orders --output wide",
            "waybill orders --all --status FAILED --since 2h", "waybill orders --watch",
            "waybill orders --json",
        ])

    private let arguments: Arguments
    private let size: Int
    /// The query of an operator; nil for a user's own orders.
    private let query: String?

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count <= 1 else {
            throw CommandError(.usage, "orders takes at most one order", remedy: "waybill orders 1042")
        }
        self.arguments = arguments
        size = try arguments.integer("size", in: 1...100, default: 10)
        let isOfOperator =
            arguments.has("all") || ["status", "since", "before"].contains { arguments[$0] != nil }
        guard isOfOperator else {
            query = nil
            return
        }
        var query = "size=\(size)"
        for (name, value) in [("status", arguments["status"]?.uppercased()), ("user", arguments["user"])] {
            if let value { query += "&\(name)=\(PercentEncoding.encode(value))" }
        }
        if let order = arguments["before"] { query += "&before=\(PercentEncoding.encode(order))" }
        if let age = try arguments["since"].map(LogsCommand.milliseconds) {
            let since = RFC3339(milliseconds: WallClock.milliseconds() - age).description
            query += "&since=\(PercentEncoding.encode(since))"
        }
        self.query = query
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        if let query {
            let api = try await context.operatorAPI()
            return try await context.show(isWatched: arguments.has("watch")) {
                Self.display(found: try await api.get("/ops/api/orders?\(query)"), context.console)
            }
        }
        let owner = try await context.credentials(of: arguments["user"]).user
        let api = try await context.api(as: owner)
        return try await context.show(isWatched: arguments.has("watch")) {
            if let id = arguments.positional.first {
                let order = try await api.get("/api/orders/\(PercentEncoding.encode(id))")
                return Display(text: OrderText.summary(of: order), json: order)
            }
            return display(try await api.get("/api/orders?offset=0&size=\(size)"), of: owner, context.console)
        }
    }

    static func display(found page: JSONValue, _ console: Terminal) -> Display {
        let more = console.isWide ? ["currency", "correlation id", "updated"] : []
        var table = Table(["order", "accepted", "customer", "status", "total", "reason"] + more)
        for order in page["items"]?.array ?? [] {
            table.add(
                ["id", "createdAt", "customerId", "status", "total", "failureCode"].map(order.cell)
                    + (console.isWide ? ["currency", "correlationId", "updatedAt"].map(order.cell) : []))
        }
        let next = page["next"]?.int.map { ["older ones: --before \($0)"] }
        return Display(text: table.text(console), notes: next ?? [], json: page)
    }

    private func display(_ page: JSONValue, of owner: String, _ console: Terminal) -> Display {
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
            text: table.text(console),
            notes: [
                "\(page["total"]?.text ?? "0") of \(owner.printable); --user names another, --all lists those of all users"
            ],
            json: page)
    }
}
