import EventLoop

/// The results of a run's orders. Times count from when an order was due, not from when it was sent, so that
/// queueing in this program is included.
struct LoadRecord: Sendable {
    enum Outcome: Sendable, Hashable {
        case accepted(after: Duration)
        /// Another response, or none; the status or a description.
        case refused(String)
    }

    struct Order: Sendable {
        /// Since the start.
        var due: Duration
        var outcome: Outcome?
        /// Until its owner's client received the COMPLETED update.
        var notified: Duration?
    }

    private(set) var orders: [Order] = []
    private(set) var refusals: [String: Int] = [:]
    private(set) var acceptedCount = 0
    private(set) var notifiedCount = 0
    /// Ended with another status than COMPLETED.
    var failedCount = 0

    mutating func begin(due: Duration) -> Int {
        orders.append(Order(due: due))
        return orders.count - 1
    }

    mutating func settle(_ order: Int, _ outcome: Outcome) {
        orders[order].outcome = outcome
        switch outcome {
        case .accepted: acceptedCount += 1
        case .refused(let reason): refusals[reason, default: 0] += 1
        }
    }

    mutating func recordNotified(_ order: Int, after time: Duration) {
        guard orders[order].notified == nil else { return }
        orders[order].notified = time
        notifiedCount += 1
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

    /// In milliseconds, as `shares`; nil without values.
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

    /// Three significant digits.
    static func text(_ milliseconds: Double) -> String {
        milliseconds < 10
            ? "\((milliseconds * 100).rounded() / 100)"
            : milliseconds < 100 ? "\((milliseconds * 10).rounded() / 10)" : "\(Int(milliseconds.rounded()))"
    }
}
