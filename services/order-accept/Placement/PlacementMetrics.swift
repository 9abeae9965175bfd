import EventLoop
import Observability
import Orders

/// Counters of placement.
@Loop
final class PlacementMetrics {
    private let orders: Counter
    private let lines: Counter
    private let replays: Counter
    private let intake: Counter
    /// All are there from the start, so that a rate sees the first one.
    private let failures: [PlacementError.Reason: Counter]

    init(_ metrics: Metrics) {
        orders = metrics.counter("waybill_orders_accepted_total", "Orders accepted.")
        lines = metrics.counter("waybill_orders_accepted_lines_total", "Lines of accepted orders.")
        replays = metrics.counter("waybill_orders_replayed_total", "Answers repeated by idempotency key.")
        intake = metrics.counter(
            "waybill_orders_taken_total",
            "Orders accepted through PostgreSQL, because Redis or RabbitMQ did not answer.")
        var failures: [PlacementError.Reason: Counter] = [:]
        for reason in PlacementError.Reason.allCases {
            failures[reason] = metrics.counter(
                "waybill_orders_rejected_total", "Valid requests that were not accepted.",
                labels: ["reason": reason.rawValue])
        }
        self.failures = failures
    }

    func taken() { intake.increment() }

    func accepted(_ order: Order) {
        orders.increment()
        lines.increment(by: UInt64(order.lines.count))
    }

    func replayed() { replays.increment() }

    func failed(_ failure: PlacementError) { failures[failure.reason]?.increment() }
}
