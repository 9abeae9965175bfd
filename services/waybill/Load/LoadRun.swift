import EventLoop
import HTTP
internal import JSON

/// Places orders at a steady rate, independent of response times, with a listening client per user.
@Loop
final class LoadRun {
    /// Maximum concurrent requests; orders due beyond them count as refused.
    static let window = 512
    /// How long the last orders may take to complete.
    static let timeout = Duration.seconds(30)
    private static let connections = 64

    private let plan: LoadPlan
    private let edge: String
    private let products: [String]
    private let users: [(api: OrderAPI, tab: SimulatedTab)]
    private(set) var record = LoadRecord()
    private var inFlight = 0
    private var start = Instant.systemNow()
    /// Order numbers of this run, by correlation id; and updates that arrived before the response.
    private var orders: [String: Int] = [:]
    private var unmatched: [String: Instant] = [:]

    init(_ plan: LoadPlan, edge: String, tokens: [String], products: [String]) throws(CommandError) {
        self.plan = plan
        self.edge = edge
        self.products = products
        var configuration = HTTPClient.Configuration()
        configuration.maxConnectionsPerOrigin = Self.connections
        configuration.maxWaitingPerOrigin = Self.window
        let client = try TrustedAuthorities.client(configuration)
        users = try tokens.map { (token) throws(CommandError) in
            let tab = SimulatedTab(name: "load", addresses: [edge], token: token, keepsUpdates: false)
            return (try OrderAPI(base: edge, token: token, client: client), tab)
        }
    }

    func openTabs() async throws {
        for user in users {
            user.tab.onChange = { [weak self] frame in self?.received(frame) }
            user.tab.open()
        }
        try await Watching.until("every client's connection", within: .seconds(15)) {
            users.allSatisfy(\.tab.isConnected)
        }
    }

    func closeTabs() { for user in users { user.tab.close() } }

    /// Places all orders of the plan, and waits for their completion.
    /// - Parameter tick: called every second.
    func run(_ tick: @Loop (LoadRun) -> Void) async throws {
        start = .systemNow()
        var next = 0
        var nextTick = Duration.seconds(1)
        while next < plan.orders {
            let elapsed = start.duration(to: .systemNow())
            while next < plan.orders, plan.due(next) <= elapsed {
                place(next)
                next += 1
            }
            if elapsed >= nextTick {
                tick(self)
                nextTick += .seconds(1)
            }
            if next < plan.orders {
                let now = start.duration(to: .systemNow())
                try await Loop.sleep(for: max(.microseconds(200), min(plan.due(next), nextTick) - now))
            }
        }
        let deadline = Instant.systemNow() + Self.timeout
        while !isFinished, Instant.systemNow() < deadline {
            try await Loop.sleep(for: .milliseconds(10))
            if start.duration(to: .systemNow()) >= nextTick {
                tick(self)
                nextTick += .seconds(1)
            }
        }
    }

    var elapsed: Duration { start.duration(to: .systemNow()) }

    private var isFinished: Bool {
        inFlight == 0 && record.notifiedCount + record.failedCount >= record.acceptedCount
    }

    private func place(_ number: Int) {
        let due = plan.due(number)
        let order = record.begin(due: due)
        guard inFlight < Self.window else { return record.settle(order, .refused("too many in flight")) }
        inFlight += 1
        let user = users[number % users.count]
        let line = OrderLineArgument(product: products[number % products.count], quantity: number % 3 + 1)
        Loop.task { [self] in
            defer { inFlight -= 1 }
            do {
                let answer = try await user.api.order([line])
                record.settle(order, .accepted(after: elapsed - due))
                guard let id = answer["correlationId"]?.string else { return }
                orders[id] = order
                if let receivedAt = unmatched.removeValue(forKey: id) {
                    record.recordNotified(order, after: start.duration(to: receivedAt) - due)
                }
            } catch {
                record.settle(order, .refused((error as? CommandError)?.message.cut(to: 80) ?? "\(error)"))
            }
        }
    }

    private func received(_ frame: ServerFrame) {
        guard case .update(let update) = frame, update.isFinal else { return }
        guard update.status == "COMPLETED" else {
            record.failedCount += 1
            return
        }
        if let order = orders[update.correlationID] {
            record.recordNotified(
                order, after: start.duration(to: update.receivedAt) - record.orders[order].due)
        } else if unmatched.count < Self.window {
            unmatched[update.correlationID] = update.receivedAt
        }
    }
}
