import Bytes
import JSON
import Messaging

/// Rates and latencies of the last hour, one point each five seconds.
struct StatusHistory {
    /// Milliseconds.
    static let interval: Int64 = 5000
    private static let capacity = 720

    struct Point: Sendable {
        /// Milliseconds since 1970.
        var at: Int64
        var values: [Double?]

        var json: JSONValue {
            .array(
                [.number(String(at))]
                    + values.map { $0.map { .number(String(($0 * 100).rounded() / 100)) } ?? .null })
        }
    }

    /// The names of a point's values, in order: a second, milliseconds, messages.
    static let names = [
        "accepted", "completed", "failed", "refused", "pushed", "completionP50", "completionP99",
        "notificationP50",
        "notificationP99", "waiting", "dead",
    ]

    private(set) var points: [Point] = []
    private var previous: SystemState?

    var json: JSONValue {
        .object([
            .init("names", .array(["at"] + Self.names.map { .string($0) })),
            .init("points", .array(points.map(\.json))),
        ])
    }

    /// - Returns: the new point, when one is due.
    mutating func add(_ state: SystemState) -> Point? {
        guard let previous else {
            self.previous = state
            return nil
        }
        guard state.at - previous.at >= Self.interval else { return nil }
        self.previous = state
        let seconds = Double(state.at - previous.at) / 1000
        func rate(_ prefix: String, _ label: String = "") -> Double? {
            Self.growth(prefix, label, from: previous, to: state).map { $0 / seconds }
        }
        let completion = Self.quantiles("waybill_order_completion_seconds_bucket", previous, state)
        let notification = Self.quantiles("waybill_order_notification_seconds_bucket", previous, state)
        // A replica that hangs does not say what it has in hand, and Redis does.
        let waiting = state.queues.map { queues in
            queues.reduce(0) { sum, queue in
                let inside = queue.depth.ready + queue.unacked
                let unrecorded = queue.depth.queue == .accepted ? state.waiting?.count ?? 0 : 0
                return sum + max(inside, unrecorded)
            }
        }
        let dead = state.queues.map { $0.reduce(0) { $0 + $1.depth.dead } }
        let point = Point(
            at: state.at,
            values: [
                rate("waybill_orders_accepted_total"),
                rate("waybill_orders_processed_total", "outcome=\"completed\""),
                rate("waybill_orders_processed_total", "outcome=\"failed\""),
                rate("waybill_orders_rejected_total"), rate("waybill_notification_pushes_total"),
                completion?.half, completion?.most,
                notification?.half, notification?.most, waiting.map(Double.init), dead.map(Double.init),
            ])
        points.append(point)
        if points.count > Self.capacity { points.removeFirst(points.count - Self.capacity) }
        return point
    }

    /// Of a counter, over all replicas that answered both times; a restarted one begins at zero.
    private static func growth(
        _ prefix: String, _ label: String, from before: SystemState, to after: SystemState
    ) -> Double? {
        var sum: Double?
        for service in after.services {
            guard let earlier = before.services.first(where: { $0.url.hasSameBytes(as: service.url) }) else {
                continue
            }
            for sample in service.samples
            where sample.key.hasPrefix(prefix) && (label.isEmpty || sample.key.contains(label)) {
                guard let value = sample.value.double else { continue }
                let past = earlier.sample(sample.key) ?? 0
                sum = (sum ?? 0) + (value >= past ? value - past : value)
            }
        }
        return sum
    }

    /// In milliseconds; nil when nothing happened.
    private static func quantiles(
        _ prefix: String, _ before: SystemState, _ after: SystemState
    ) -> (half: Double, most: Double)? {
        var bounds: [String] = []
        for sample in after.services.flatMap(\.samples) where sample.key.hasPrefix(prefix) {
            guard let start = sample.key.firstRange(of: "le=\"") else { continue }
            let bound = String(sample.key[start.upperBound...].prefix { $0 != "\"" })
            if !bounds.contains(where: { $0.hasSameBytes(as: bound) }) { bounds.append(bound) }
        }
        let buckets = bounds.map { bound in
            (
                bound: Double(bound) ?? .infinity,
                count: growth(prefix, "le=\"\(bound)\"", from: before, to: after) ?? 0
            )
        }.sorted { $0.bound < $1.bound }
        guard let all = buckets.last?.count, all > 0 else { return nil }
        func quantile(_ share: Double) -> Double {
            var (low, below) = (0.0, 0.0)
            for bucket in buckets {
                if bucket.count >= share * all {
                    guard bucket.bound.isFinite else { return low * 1000 }
                    let within = bucket.count > below ? (share * all - below) / (bucket.count - below) : 1
                    return (low + (bucket.bound - low) * within) * 1000
                }
                (low, below) = (bucket.bound, bucket.count)
            }
            return low * 1000
        }
        return (quantile(0.5), quantile(0.99))
    }
}
