import EventLoop
internal import JSON

/// What the story came to.
struct FailoverReport: Sendable {
    struct Row: Sendable {
        var dialect: Seat.Dialect
        var tabs = 0
        var verdict = SeatBook.Verdict()
        var updates = 0
        /// Of them, found out by asking.
        var asked = 0
        var reconnections = 0
        var gaps = 0
        var latencies: [Duration] = []
    }

    let chronicle: Chronicle
    let replicas: [String]
    let orders: Int
    let refused: Int
    let tabs: Int
    let failure: String?
    let rows: [Row]

    init(
        chronicle: Chronicle, replicas: [String], orders: Int, refused: Int, tabs: Int, failure: String?,
        rows: [Row]
    ) {
        self.chronicle = chronicle
        self.replicas = replicas
        self.orders = orders
        self.refused = refused
        self.tabs = tabs
        self.failure = failure
        self.rows = rows
    }

    @Loop init(_ story: FailoverStory) {
        chronicle = story.chronicle
        replicas = story.replicas.indices.map { story.name($0) }
        orders = story.accepted
        refused = story.refused
        tabs = story.seats.count
        failure = story.failure
        rows = Seat.Dialect.allCases.map { dialect in
            var row = Row(dialect: dialect)
            for seat in story.seats where seat.dialect == dialect {
                row.tabs += 1
                row.verdict += seat.book.verdict(on: story.orders[seat.user])
                row.updates += seat.book.pushes.values.reduce(0, +)
                row.asked += seat.book.asked.count
                row.reconnections += max(0, seat.connections - 1)
                row.gaps += seat.book.gaps.count
            }
            row.latencies = story.chronicle.arrivals.filter { $0.dialect == dialect }.map(\.took)
            return row
        }
    }

    var held: Bool { failure == nil && orders > 0 && rows.allSatisfy(\.verdict.isClean) }

    static let columns = [
        "protocol", "tabs", "reconnections", "updates", "asked for", "told of a gap", "p50 ms", "p99 ms",
        "max ms", "verdict",
    ]

    var cells: [[String]] {
        rows.map { row in
            let shares = [0.5, 0.99, 1].map { percentile($0, of: row.latencies)?.milliseconds ?? "-" }
            return [
                row.dialect.name, "\(row.tabs)", "\(row.reconnections)", "\(row.updates)", "\(row.asked)",
                "\(row.gaps)",
            ] + shares + [
                row.verdict.text + (row.verdict.excused > 0 ? ", \(row.verdict.excused) excused" : "")
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
                            .init("protocol", .string(row.dialect.name)),
                            .init("tabs", .number("\(row.tabs)")),
                            .init("reconnections", .number("\(row.reconnections)")),
                            .init("updates", .number("\(row.updates)")),
                            .init("askedFor", .number("\(row.asked)")), .init("gaps", .number("\(row.gaps)")),
                            .init("verdict", .string(row.verdict.text)),
                            .init("clean", .bool(row.verdict.isClean)),
                        ])
                    })),
            .init(
                "timeline",
                .array(
                    chronicle.entries.map { entry in
                        .object([
                            .init("ms", .number("\(entry.at.nanoseconds / 1_000_000)")),
                            .init("kind", .string(entry.kind.rawValue)), .init("text", .string(entry.text)),
                        ])
                    })),
        ])
    }
}
