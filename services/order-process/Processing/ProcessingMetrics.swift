import EventLoop
import Observability
import OrderRecords
import Orders

/// Counters of orders; messages are counted by the pipeline.
@Loop
struct ProcessingMetrics {
    let failed: Counter
    let begin: Histogram
    let record: Histogram
    let publish: Histogram
    let finish: Histogram
    private let completion: Histogram
    /// Statuses that were not written to Redis, which the delivery of the outcome moves.
    let statusesLeft: Counter
    /// Events that were not published at once, which the outbox relay publishes.
    let eventsLeft: Counter
    private let completed: Counter
    private let cancelled: Counter
    private let duplicates: Counter

    init(_ metrics: Metrics) {
        func outcome(_ name: String) -> Counter {
            metrics.counter(
                "waybill_orders_processed_total",
                "Orders by outcome; repeated ones were recorded before.",
                labels: ["outcome": name])
        }
        func step(_ name: String) -> Histogram {
            metrics.histogram(
                "waybill_processing_step_seconds", "Time of a batch's steps.", labels: ["step": name])
        }
        failed = outcome("failed")
        completed = outcome("completed")
        cancelled = outcome("cancelled")
        duplicates = outcome("repeated")
        statusesLeft = metrics.counter(
            "waybill_statuses_left_total",
            "Statuses left to the delivery of outcomes, because Redis did not answer.")
        eventsLeft = metrics.counter(
            "waybill_events_left_total",
            "Events left to the outbox relay, because the broker did not confirm.")
        begin = step("begin")
        record = step("record")
        publish = step("publish")
        finish = step("finish")
        completion = metrics.histogram(
            "waybill_order_completion_seconds", "From an order's acceptance to the record of its outcome.")
    }

    func count(_ work: ProcessingBatch) {
        var counts = (completed: 0, cancelled: 0, repeated: work.duplicates)
        for case let order? in work.items.lazy.map(\.recorded) {
            if !order.isNew {
                counts.repeated += 1
            } else if order.status == .cancelled {
                counts.cancelled += 1
            } else {
                counts.completed += 1
                observeCompletion(of: order)
            }
        }
        completed.increment(by: UInt64(counts.completed))
        cancelled.increment(by: UInt64(counts.cancelled))
        duplicates.increment(by: UInt64(counts.repeated))
    }

    private func observeCompletion(of order: RecordedOrder) {
        guard let accepted = order.event.metadata.correlationID.timestamp else { return }
        completion.observe(Double(max(0, WallClock.milliseconds() - accepted.milliseconds)) / 1000)
    }
}
