import EventLoop
import Observability
import OrderRecords

/// Adds the event log's next partitions and drops those that are older than the retention.
@Loop
final class EventLogMaintenance: Service {
    private let partitions: EventLogPartitions
    /// Months beside the current one; 0 keeps all.
    private let retention: Int
    private let ready: AsyncSignal
    private let log: Logger?

    static let pause = Duration.seconds(3_600)

    init(_ partitions: EventLogPartitions, retention: Int, after ready: AsyncSignal, log: Logger?) {
        self.partitions = partitions
        self.retention = retention
        self.ready = ready
        self.log = log
    }

    /// Runs at the start, and then at random intervals of about an hour, so that replicas take turns.
    func run() async throws {
        await ready.wait()
        while true {
            do throws(OrderRecordsError) {
                try await partitions.add()
                while retention > 0, let name = try await partitions.dropOldest(olderThan: retention) {
                    log?.info("event_log.partition_dropped", ["partition": name])
                }
            } catch {
                log?.warning("event_log.maintenance_failed", ["error": "\(error)"])
            }
            try await Loop.sleep(for: Self.pause / 2 + Self.pause.jittered)
        }
    }
}
