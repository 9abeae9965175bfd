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
        begin = step("begin")
        record = step("record")
        publish = step("publish")
        finish = step("finish")
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
            }
        }
        completed.increment(by: UInt64(counts.completed))
        cancelled.increment(by: UInt64(counts.cancelled))
        duplicates.increment(by: UInt64(counts.repeated))
    }
}
