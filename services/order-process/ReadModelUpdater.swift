import EventLoop
import Observability
import OrderRecords

/// Applies the event log to the read models.
@Loop
final class ReadModelUpdater: Service {
    private let models: ReadModels
    private let ready: AsyncSignal
    private let log: Logger?
    private let behind: Gauge
    private let steps: Histogram

    /// The delay between two steps, and so the lag of readers.
    static let pause = Duration.milliseconds(500)
    init(_ models: ReadModels, after ready: AsyncSignal, log: Logger?, metrics: Metrics) {
        self.models = models
        self.ready = ready
        self.log = log
        behind = metrics.gauge(
            "waybill_read_model_lag_events", "Events that are not in the read models.")
        steps = metrics.histogram("waybill_read_model_step_seconds", "Time of one step.")
    }

    /// Works at random intervals, so that replicas take turns.
    func run() async throws {
        await ready.wait()
        var backoff = Backoff(base: Self.pause, cap: .seconds(10))
        while true {
            let pause: Duration
            do throws(OrderRecordsError) {
                while try await step() {}
                backoff.reset()
                pause = Self.pause / 2 + (Self.pause / 2).jittered
            } catch {
                // Contended: another replica holds the lock.
                if error.code != .contended { log?.debug("read_model.update_failed", ["error": "\(error)"]) }
                pause = backoff.next()
            }
            try await Loop.sleep(for: pause)
        }
    }

    /// - Returns: whether more events follow.
    func step() async throws(OrderRecordsError) -> Bool {
        let start = Instant.systemNow()
        guard let progress = try await models.advance() else { return false }
        behind.value = Double(progress.target - progress.position)
        steps.observe(start.duration(to: .systemNow()))
        return !progress.isDone
    }
}
