internal import EventLoop
internal import Observability

/// The metrics of a queue's pipeline.
@Loop
struct PipelineMetrics {
    let done: Counter
    let retried: Counter
    let setAside: Counter
    let deadLettered: Counter
    let batch: Histogram
    let duration: Histogram

    init(_ metrics: Metrics, queue: String) {
        func outcome(_ name: String) -> Counter {
            metrics.counter(
                "waybill_messages_total", "Messages settled, by outcome.",
                labels: ["queue": queue, "outcome": name])
        }
        done = outcome("done")
        retried = outcome("retried")
        setAside = outcome("set_aside")
        deadLettered = outcome("dead_lettered")
        batch = metrics.histogram(
            "waybill_batch_messages", "Messages per batch.", labels: ["queue": queue], bounds: Histogram.sizes
        )
        duration = metrics.histogram(
            "waybill_batch_seconds", "Time to settle a batch.", labels: ["queue": queue])
    }
}
