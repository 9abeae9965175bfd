import EventLoop
internal import Glibc
internal import JSON

/// The scripted demonstration on a running stack. Each step places orders and waits until every client of
/// their owner has the update of each; the audit decides at the end.
@Loop
final class DemoScenario {
    /// How long the slowest update may take, including a killed service's restart and catch-up.
    private static let timeout = Duration.seconds(30)
    private static let concurrency = 4

    private let context: CommandContext
    private let stack: StackFile.Contents
    private let api: OrderAPI
    private let owners: [SimulatedTab]
    private let otherUser: SimulatedTab
    private var audit = DeliveryAudit()
    private var products: [String] = []
    private var failure: String?

    private var console: Terminal { context.console }
    private var tabs: [SimulatedTab] { owners + [otherUser] }

    init(_ context: CommandContext) async throws {
        self.context = context
        stack = try context.stack.read()
        guard stack.notification.count != 1 else {
            throw CommandError(
                .unavailable, "the scenario needs two notifier replicas, and one runs",
                remedy: "waybill up --notifiers 2")
        }
        let run = UInt32.random(in: 0...999_999)
        let (owner, other) = ("DEMO-\(run)-A", "DEMO-\(run)-B")
        let token = try await context.developmentToken(for: owner)
        let replicas = stack.tabAddresses
        api = try OrderAPI(base: stack.edge, token: token)
        owners = [
            SimulatedTab(name: "tab 1", addresses: replicas, token: token),
            SimulatedTab(name: "tab 2", addresses: Array(replicas[1...] + replicas[..<1]), token: token),
        ]
        otherUser = SimulatedTab(
            name: "other user", addresses: replicas, token: try await context.developmentToken(for: other))
        console.note("users \(owner) and \(other), edge \(stack.edge)")
    }

    /// Services that run elsewhere cannot be killed.
    var canKill: Bool { !stack.notification.isEmpty && !stack.process.isEmpty }

    func end() { for tab in tabs { tab.close() } }

    func openTabs() async throws {
        for tab in tabs { tab.open() }
        do {
            try await Watching.until("every tab's connection", within: .seconds(10)) {
                tabs.allSatisfy(\.isConnected)
            }
        } catch {
            let reasons = tabs.compactMap { tab in tab.lastFailure.map { "\(tab.name): \($0)" } }
            throw CommandError(
                .unavailable, "a tab did not connect. \(reasons.joined(separator: "; "))",
                remedy: "waybill status")
        }
        for tab in tabs { console.note("\(tab.name) is connected to \(tab.replicas.last ?? "?")") }
        let page = try await api.get("/api/products?offset=0&size=20")
        products = (page["items"]?.array ?? []).compactMap { $0["externalProductId"]?.string }
        guard !products.isEmpty else { throw CommandError.emptyCatalogue }
    }

    /// Runs one step. `during` selects the service to kill while the orders are in progress.
    func runStep(
        _ title: String, orders count: Int, during instance: ((StackFile.Contents) -> StackFile.Instance)?
    ) async throws {
        guard failure == nil else { return }
        console.note("")
        console.note(console.styled(title, .bold))
        let first = audit.entries.count
        for number in 0..<count {
            if number == count / 2, let instance {
                // Read anew: an earlier step may have changed the pids.
                let service = instance(try context.stack.read())
                service.kill(SIGKILL)
                console.note(console.styled("killed pid \(service.pid) at \(service.url)", .yellow))
            }
            try await place(number)
        }
        await awaitUpdates(of: audit.entries[first...])
        report(audit.entries[first...])
    }

    /// Places one order; a retriable refusal is retried with the same key, so that it orders once.
    private func place(_ number: Int) async throws {
        let line = OrderLineArgument(product: products[number % products.count], quantity: number % 3 + 1)
        let key = "demo-\(UInt64.random(in: 0...UInt64.max))"
        let sentAt = Instant.systemNow()
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(1))
        while true {
            do {
                let order = try await api.order([line], key: key)
                guard let id = order["id"]?.int, let correlationID = order["correlationId"]?.string else {
                    throw CommandError(
                        .failure, "the response has no order id: \(order.text)",
                        remedy: "waybill logs --level warning")
                }
                audit.add(
                    .init(orderID: id, correlationID: correlationID, sentAt: sentAt, acceptedAt: .systemNow())
                )
                return
            } catch let error as CommandError where error.code == .unavailable {
                guard sentAt.duration(to: .systemNow()) < Self.timeout else { throw error }
                try await Loop.sleep(for: backoff.next())
            }
        }
    }

    private func awaitUpdates(of entries: ArraySlice<DeliveryAudit.Entry>) async {
        do {
            try await Watching.until("every update", within: Self.timeout) {
                owners.allSatisfy { tab in
                    tab.isConnected && entries.allSatisfy { audit.latency(of: $0, in: tab.updates) != nil }
                }
            }
            // Duplicates or stray updates would follow at once.
            try await Loop.sleep(for: .milliseconds(300))
        } catch {
            failure = "\(error)"
        }
    }

    private func report(_ entries: ArraySlice<DeliveryAudit.Entry>) {
        guard !console.wantsJSON else { return }
        var table = Table(["order", "accepted ms", "tab 1 ms", "tab 2 ms"])
        for entry in entries {
            table.add(
                ["\(entry.orderID)", entry.sentAt.duration(to: entry.acceptedAt).milliseconds]
                    + owners.map { audit.latency(of: entry, in: $0.updates)?.milliseconds ?? "-" })
        }
        for (label, share) in [("p50", 0.5), ("p95", 0.95), ("max", 1.0)] {
            let accepted = entries.map { $0.sentAt.duration(to: $0.acceptedAt) }
            let notified = owners.map { tab in entries.compactMap { audit.latency(of: $0, in: tab.updates) } }
            table.add(
                [label] + ([accepted] + notified).map { percentile(share, of: $0)?.milliseconds ?? "-" })
        }
        console.print(table.text(console))
    }

    /// Prints the result of every client.
    func conclude() -> ExitCode {
        var isClean = true
        var lines: [JSONValue] = []
        console.note("")
        for tab in tabs {
            let isOwner = tab !== otherUser
            let result = audit.result(on: tab.updates, isOwner: isOwner)
            isClean = isClean && result.isClean && tab.gaps == 0
            let text = isOwner || !result.isClean ? result.text : "no updates, as expected"
            let gaps = tab.gaps == 0 ? "" : ", \(tab.gaps) gap notices"
            console.note(
                "\(console.styled(result.isClean ? "✓" : "✗", result.isClean ? .green : .red)) \(tab.name): "
                    + "\(text)\(gaps) (via \(tab.replicas.joined(separator: " → ")))")
            lines.append(
                .object([
                    .init("tab", .string(tab.name)), .init("result", .string(text)),
                    .init("clean", .bool(result.isClean)),
                    .init("gaps", .number(String(tab.gaps))),
                    .init("replicas", .array(tab.replicas.map { .string($0) })),
                ]))
        }
        let held = isClean && failure == nil
        if console.wantsJSON {
            console.print(
                .object([
                    .init("held", .bool(held)), .init("orders", .number(String(audit.entries.count))),
                    .init("tabs", .array(lines)),
                ]))
        } else {
            console.print(
                held
                    ? console.styled(
                        "The scenario held: \(audit.entries.count) orders, nothing lost, nothing twice.",
                        .green
                    )
                    : console.styled("The scenario did not hold.", .red))
        }
        return held ? .success : .failure
    }
}
