import EventLoop
internal import JSON

/// The scenario's results.
struct FailoverReport: Sendable {
    struct Row: Sendable {
        var wireProtocol: ScenarioClient.WireProtocol
        var tabs = 0
        var result = ClientLedger.AuditResult()
        var updates = 0
        /// The number of them that the client queried.
        var queried = 0
        var reconnections = 0
        var gaps = 0
        var latencies: [Duration] = []
    }

    let timeline: Timeline
    let replicas: [String]
    let orders: Int
    let refused: Int
    let tabs: Int
    let failure: String?
    let rows: [Row]

    init(
        timeline: Timeline, replicas: [String], orders: Int, refused: Int, tabs: Int, failure: String?,
        rows: [Row]
    ) {
        self.timeline = timeline
        self.replicas = replicas
        self.orders = orders
        self.refused = refused
        self.tabs = tabs
        self.failure = failure
        self.rows = rows
    }

    @Loop init(_ scenario: FailoverScenario) {
        timeline = scenario.timeline
        replicas = scenario.replicas.indices.map { scenario.name($0) }
        orders = scenario.accepted
        refused = scenario.refused
        tabs = scenario.clients.count
        failure = scenario.failure
        rows = ScenarioClient.WireProtocol.allCases.map { wireProtocol in
            var row = Row(wireProtocol: wireProtocol)
            for client in scenario.clients where client.wireProtocol == wireProtocol {
                row.tabs += 1
                row.result += client.ledger.result(on: scenario.orders[client.user])
                row.updates += client.ledger.pushes.values.reduce(0, +)
                row.queried += client.ledger.queried.count
                row.reconnections += max(0, client.connections - 1)
                row.gaps += client.ledger.gaps.count
            }
            row.latencies = scenario.timeline.arrivals.filter { $0.wireProtocol == wireProtocol }.map(\.took)
            return row
        }
    }

    var held: Bool { failure == nil && orders > 0 && rows.allSatisfy(\.result.isClean) }

    static let columns = [
        "protocol", "tabs", "reconnections", "updates", "queried", "gap notices", "p50 ms", "p99 ms",
        "max ms", "result",
    ]

    var cells: [[String]] {
        rows.map { row in
            let shares = [0.5, 0.99, 1].map { percentile($0, of: row.latencies)?.milliseconds ?? "-" }
            return [
                row.wireProtocol.name, "\(row.tabs)", "\(row.reconnections)", "\(row.updates)",
                "\(row.queried)",
                "\(row.gaps)",
            ] + shares + [
                row.result.text + (row.result.excused > 0 ? ", \(row.result.excused) excused" : "")
            ]
        }
    }

    var table: Table {
        var table = Table(Self.columns)
        for row in cells { table.add(row) }
        return table
    }

    func json(page: String?) -> JSONValue {
        .object([
            .init("held", .bool(held)), .init("orders", .number("\(orders)")),
            .init("failure", failure.map { .string($0) } ?? .null),
            .init("page", page.map { .string($0) } ?? .null),
            .init(
                "protocols",
                .array(
                    rows.map { row in
                        .object([
                            .init("protocol", .string(row.wireProtocol.name)),
                            .init("tabs", .number("\(row.tabs)")),
                            .init("reconnections", .number("\(row.reconnections)")),
                            .init("updates", .number("\(row.updates)")),
                            .init("queried", .number("\(row.queried)")),
                            .init("gaps", .number("\(row.gaps)")),
                            .init("result", .string(row.result.text)),
                            .init("clean", .bool(row.result.isClean)),
                        ])
                    })),
            .init(
                "timeline",
                .array(
                    timeline.entries.map { entry in
                        .object([
                            .init("ms", .number("\(entry.at.nanoseconds / 1_000_000)")),
                            .init("kind", .string(entry.kind.rawValue)), .init("text", .string(entry.text)),
                        ])
                    })),
        ])
    }
}
