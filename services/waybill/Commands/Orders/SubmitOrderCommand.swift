import EventLoop
internal import JSON

struct SubmitOrderCommand: Command {
    static let help = CommandHelp(
        name: "order", arguments: "PRODUCT[:QUANTITY]…", summary: "Place an order",
        options: [
            .user, .init(name: "key", value: "KEY", text: "an Idempotency-Key: the same key orders once"),
            .init(name: "watch", text: "wait until the order is completed, failed or cancelled"),
        ],
        examples: [
            "waybill order AZ-104:2 DP-900", "waybill order AZ-104 --user CUST-0002 --watch",
            "waybill order AZ-104 --key basket-17 --json",
        ])

    private let arguments: Arguments
    private let lines: [OrderLineArgument]

    init(_ arguments: Arguments) throws {
        guard !arguments.positional.isEmpty else {
            throw CommandError(.usage, "order takes at least one product", remedy: "waybill order AZ-104:2")
        }
        self.arguments = arguments
        lines = try arguments.positional.map { text in try OrderLineArgument(text) }
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let (user, token) = try await context.credentials(of: arguments["user"])
        let stack = try context.stack.read()
        let tab = SimulatedTab(name: user, addresses: [stack.edge], token: token)
        defer { tab.close() }
        if arguments.has("watch") {
            tab.open()
            try await Watching.until("connected", within: .seconds(10)) { tab.isConnected }
        }
        let order = try await OrderAPI(base: stack.edge, token: token).order(lines, key: arguments["key"])
        show(order, context.console)
        guard arguments.has("watch"), let correlationID = order["correlationId"]?.string else {
            return .success
        }

        try await context.console.waiting("waiting for the final status") {
            try await Watching.until("the final status", within: .seconds(60)) {
                tab.updates.contains { $0.correlationID == correlationID && $0.isFinal }
            }
        }
        let last = tab.updates.last { $0.correlationID == correlationID && $0.isFinal }!
        context.console.print(
            context.console.wantsJSON
                ? JSONValue.object([
                    .init("orderId", .number(String(last.orderID))), .init("status", .string(last.status)),
                ]).text
                : context.console.styled(last.status, last.status == "COMPLETED" ? .green : .red))
        return last.status == "COMPLETED" ? .success : .failure
    }

    private func show(_ order: JSONValue, _ console: Terminal) {
        if console.wantsJSON { return console.print(order) }
        console.print(OrderText.summary(of: order))
    }
}

/// An order in one line.
enum OrderText {
    static func summary(of order: JSONValue) -> String {
        let items = (order["items"]?.array ?? []).map { item in
            "\(item["quantity"]?.int ?? 0) × \(item["productName"]?.string ?? "?")"
        }
        let total = order["total"].map(\.text) ?? "?"
        return "order \(order["id"]?.text ?? "?")  \(order["status"]?.string ?? "?")  "
            + "\(total) \(order["currency"]?.string ?? "")  \(items.joined(separator: ", "))"
    }
}

/// Waiting with a progress indicator.
enum Watching {
    @Loop static func until(
        _ what: String, within limit: Duration, _ condition: @Loop () async throws -> Bool
    ) async throws {
        let deadline = Instant.systemNow() + limit
        while try await !condition() {
            guard Instant.systemNow() < deadline else {
                throw CommandError(
                    .failure, "\(what) was not received within \(limit)",
                    remedy: "waybill status, and waybill logs --level warning")
            }
            try await Loop.sleep(for: .milliseconds(2))
        }
    }
}
