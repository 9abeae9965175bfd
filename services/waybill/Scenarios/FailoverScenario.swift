import EventLoop
import HTTP
internal import JSON

/// The failover scenario: users with a client in every protocol on three replicas, a steady stream of orders,
/// one replica killed, another one stopped, Redis restarted. At the end every client has the final update of
/// every order exactly once, or a gap notice.
@Loop
final class FailoverScenario {
    struct Plan: Sendable {
        var users = 20
        /// How long orders are placed, in seconds.
        var seconds = 24
        /// Orders per second, of all users together.
        var rate = 20
    }

    /// How long the last update may take after the last order: longer than the lease of an idempotency key
    /// whose request broke.
    private static let timeout = Duration.seconds(45)

    let context: CommandContext
    let plan: Plan
    let replicas: [String]
    private let edge: String
    private(set) var clients: [ScenarioClient] = []
    private var apis: [OrderAPI] = []
    private var products: [String] = []
    /// Each user's orders.
    private(set) var orders: [[DeliveryAudit.Entry]]
    private(set) var accepted = 0
    private(set) var refused = 0
    private(set) var drainNotices = 0
    var timeline = Timeline(start: .systemNow())
    private(set) var failure: String?
    private var isOrdering = true

    init(_ context: CommandContext, _ plan: Plan) async throws {
        self.context = context
        self.plan = plan
        let stack = try context.stack.read()
        guard stack.notification.count >= 3 else {
            throw CommandError(
                .unavailable, "the scenario needs three notifiers, and \(stack.notification.count) run",
                remedy: "waybill up --notifiers 3, on this machine")
        }
        replicas = stack.notification.map(\.url)
        edge = stack.edge
        orders = Array(repeating: [], count: plan.users)
    }

    var console: Terminal { context.console }

    /// The replica's name for people: `order-notification@5016`.
    func name(_ replica: Int) -> String {
        "order-notification@\(replicas[replica].split(separator: ":").last ?? "?")"
    }

    func note(_ kind: Timeline.Kind, _ text: String) {
        let entry = timeline.note(kind, text)
        let style: Terminal.Style? =
            switch kind {
            case .note: nil
            case .fault: .yellow
            case .recovery: .green
            case .trouble: .red
            }
        console.note(style.map { console.styled(entry.line, $0) } ?? entry.line)
    }

    func fail(_ text: String) {
        if failure == nil { failure = text }
        note(.trouble, text)
    }

    // MARK: Clients

    func openTabs() async throws {
        // One may be restarting after an earlier scenario, and would get no tab.
        for replica in replicas { try await ready(replica) }
        let run = UInt32.random(in: 0...999_999)
        var configuration = HTTPClient.Configuration()
        configuration.maxConnectionsPerOrigin = plan.users * ScenarioClient.WireProtocol.allCases.count
        let client = try TrustedAuthorities.client(configuration)
        for user in 0..<plan.users {
            let token = try await context.developmentToken(for: "FAILOVER-\(run)-\(user)")
            apis.append(try OrderAPI(base: edge, token: token))
            for wireProtocol in ScenarioClient.WireProtocol.allCases {
                // Each user is on every replica, with a different protocol on each.
                let first = (user + wireProtocol.rawValue) % replicas.count
                let number = clients.count
                let client = ScenarioClient(
                    user: user, wireProtocol, first: first, of: replicas, token: token, client: client)
                client.onEvent = { [weak self] client, event in self?.handle(event, client, number) }
                clients.append(client)
                client.open()
            }
        }
        let page = try await apis[0].get("/api/products?offset=0&size=20")
        products = (page["items"]?.array ?? []).compactMap { $0["externalProductId"]?.string }
        guard !products.isEmpty else { throw CommandError.emptyCatalogue }
        do {
            try await Watching.until("every tab's connection", within: .seconds(10)) {
                clients.allSatisfy(\.isConnected)
            }
        } catch {
            let disconnected = clients.first { !$0.isConnected }
            throw CommandError(
                .unavailable, "\(error): \(disconnected?.lastFailure ?? "")", remedy: "waybill status")
        }
        timeline = Timeline(start: .systemNow())
        let shares = connections.enumerated().map { "\($1) on \(name($0))" }.joined(separator: ", ")
        note(.note, "\(clients.count) tabs of \(plan.users) users are connected: \(shares)")
    }

    func end() { for client in clients { client.close() } }

    /// Clients by replica.
    var connections: [Int] {
        var counts = [Int](repeating: 0, count: replicas.count)
        for client in clients { if let replica = client.replica { counts[replica] += 1 } }
        return counts
    }

    private func handle(_ event: ScenarioClient.Event, _ client: ScenarioClient, _ number: Int) {
        switch event {
        case .connected:
            timeline.reconnected(number)
            for order in orders[client.user] { client.ordered(order.correlationID, sentAt: order.sentAt) }
        case .disconnected: timeline.disconnected(number)
        case .draining: drainNotices += 1
        case .gap:
            timeline.gap(number)
            note(
                .trouble,
                "tab \(number + 1) (\(client.wireProtocol.name)) received a gap notice"
            )
        case .update(let correlationID, let isQueried): recordArrival(correlationID, client, isQueried)
        }
    }

    private func recordArrival(_ correlationID: String, _ client: ScenarioClient, _ isQueried: Bool) {
        // Updates may arrive before the order's response: they are recorded with the order.
        guard let order = orders[client.user].last(where: { $0.correlationID == correlationID }) else {
            return
        }
        note(order, client, isQueried)
    }

    private func note(_ order: DeliveryAudit.Entry, _ client: ScenarioClient, _ isQueried: Bool) {
        guard let finalAt = client.ledger.finalStatusAt[order.correlationID] else { return }
        timeline.arrivals.append(
            .init(
                at: timeline.start.duration(to: order.sentAt), took: order.sentAt.duration(to: finalAt),
                wireProtocol: client.wireProtocol, isQueried: isQueried))
    }

    // MARK: Orders

    /// Places orders until stopped; each user one after another.
    func placeOrders() async {
        let pause = Duration.seconds(plan.users) / plan.rate
        let tasks = (0..<plan.users).map { user in
            Loop.task { [self] in
                try? await Loop.sleep(for: pause.jittered)
                while isOrdering {
                    let began = Instant.systemNow()
                    await place(user)
                    try? await Loop.sleep(for: max(.zero, pause - began.duration(to: .systemNow())))
                }
            }
        }
        for task in tasks { await task.value }
    }

    func stopOrdering() { isOrdering = false }

    /// A retriable refusal is retried with the same key, so that it orders once.
    private func place(_ user: Int) async {
        let line = OrderLineArgument(
            product: products[(user + orders[user].count) % products.count], quantity: user % 3 + 1)
        let key = "failover-\(UInt64.random(in: 0...UInt64.max))"
        let sentAt = Instant.systemNow()
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(1))
        while true {
            do {
                let order = try await apis[user].order([line], key: key)
                guard let id = order["id"]?.int, let correlationID = order["correlationId"]?.string else {
                    return fail("the response has no order id: \(order.text)")
                }
                let entry = DeliveryAudit.Entry(
                    orderID: id, correlationID: correlationID, sentAt: sentAt, acceptedAt: .systemNow())
                orders[user].append(entry)
                accepted += 1
                for client in clients where client.user == user {
                    client.ordered(correlationID, sentAt: sentAt)
                    if client.ledger.hasFinalStatus(correlationID) { note(entry, client, false) }
                }
                return
            } catch {
                refused += 1
                let failure = error as? CommandError
                // 409: the earlier request, whose response was lost, still holds the key.
                guard failure?.code == .unavailable || failure?.message.hasPrefix("409") == true,
                    sentAt.duration(to: .systemNow()) < Self.timeout
                else { return fail("an order was refused: \(failure?.message ?? "\(error)")") }
                try? await Loop.sleep(for: backoff.next())
            }
        }
    }

    // MARK: Conclusion

    func settle() async {
        do {
            try await Watching.until("the last update", within: Self.timeout) {
                clients.allSatisfy { client in
                    !client.ledger.gaps.isEmpty
                        || orders[client.user].allSatisfy { client.ledger.hasFinalStatus($0.correlationID) }
                }
            }
            // A duplicate would follow at once.
            try await Loop.sleep(for: .milliseconds(500))
        } catch {
            fail("\((error as? CommandError)?.message ?? "\(error)")")
        }
    }

    func sample() { timeline.sample(connections, accepted: accepted, refused: refused) }
}
