import EventLoop

/// What came of the orders of a run. Times count from when an order was due, not from when it was sent: an
/// order that had to wait its turn in this program would have waited in a browser too.
struct LoadRecord: Sendable {
    enum Outcome: Sendable, Hashable {
        case accepted(after: Duration)
        /// Answered otherwise, or not at all; the status or a word for it.
        case refused(String)
    }

    struct Order: Sendable {
        /// Since the start.
        var due: Duration
        var outcome: Outcome?
        /// Until its owner's tab heard that it is completed.
        var notified: Duration?
    }

    private(set) var orders: [Order] = []
    private(set) var refusals: [String: Int] = [:]
    private(set) var acceptedCount = 0
    private(set) var toldCount = 0
    /// Ended otherwise than completed.
    var failedCount = 0

    mutating func begin(due: Duration) -> Int {
        orders.append(Order(due: due))
        return orders.count - 1
    }

    mutating func settle(_ order: Int, _ outcome: Outcome) {
        orders[order].outcome = outcome
        switch outcome {
        case .accepted: acceptedCount += 1
        case .refused(let why): refusals[why, default: 0] += 1
        }
    }

    mutating func tell(_ order: Int, after time: Duration) {
        guard orders[order].notified == nil else { return }
        orders[order].notified = time
        toldCount += 1
    }

    var answered: [Duration] {
        orders.compactMap { if case .accepted(let time)? = $0.outcome { time } else { nil } }
    }

    var notified: [Duration] { orders.compactMap(\.notified) }

    var refusedCount: Int { refusals.values.reduce(0, +) }

    /// Orders by the second in which they were due.
    func bySecond() -> [ArraySlice<Order>] {
        var seconds: [ArraySlice<Order>] = []
        var rest = orders[...]
        while let first = rest.first {
            let second = Int(first.due.seconds)
            let end = rest.firstIndex { Int($0.due.seconds) > second } ?? rest.endIndex
            seconds.append(rest[..<end])
            rest = rest[end...]
        }
        return seconds
    }
}

/// The percentiles that are shown.
struct Percentiles: Sendable, Equatable {
    static let shares: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1),
    ]

    /// In milliseconds, as `shares`; nil of nothing.
    let values: [Double]?

    init(_ durations: [Duration]) {
        let sorted = durations.sorted()
        guard let last = sorted.last else {
            values = nil
            return
        }
        values = Self.shares.map { share in
            (share.share == 1 ? last : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share.share))])
                .seconds * 1000
        }
    }

    var text: String {
        guard let values else { return "-" }
        return zip(Self.shares, values).map { "\($0.name) \(Self.text($1))" }.joined(separator: "  ")
    }

    /// Three digits are enough.
    static func text(_ milliseconds: Double) -> String {
        milliseconds < 10
            ? "\((milliseconds * 100).rounded() / 100)"
            : milliseconds < 100 ? "\((milliseconds * 10).rounded() / 10)" : "\(Int(milliseconds.rounded()))"
    }
}
