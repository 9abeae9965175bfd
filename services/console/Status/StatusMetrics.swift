import EventLoop
import Messaging
import Observability

/// What the console reads of the system, for Prometheus: queues, orders that wait, problems.
@Loop
struct StatusMetrics {
    private struct Queue {
        let ready: Gauge
        let retrying: Gauge
        let dead: Gauge
        let consumers: Gauge
        let age: Gauge
    }

    private let queues: [OrderTopology.WorkQueue: Queue]
    private let waiting: Gauge
    private let waitingAge: Gauge
    private let critical: Gauge
    private let warnings: Gauge

    init(_ metrics: Metrics) {
        func gauge(_ name: String, _ help: String, _ labels: Labels) -> Gauge {
            metrics.gauge(name, help, labels: labels)
        }
        let messages = "Messages by queue and state; unacked ones are in waybill_consumer_unsettled_messages."
        var queues: [OrderTopology.WorkQueue: Queue] = [:]
        for queue in OrderTopology.WorkQueue.allCases {
            let name = queue.rawValue
            func state(_ state: String) -> Gauge {
                gauge("waybill_queue_messages", messages, ["queue": name, "state": state])
            }
            queues[queue] = Queue(
                ready: state("ready"), retrying: state("retrying"), dead: state("dead"),
                consumers: gauge("waybill_queue_consumers", "Consumers of the queue.", ["queue": name]),
                age: gauge(
                    "waybill_queue_oldest_seconds", "An upper bound of the oldest message's age.",
                    ["queue": name]))
        }
        self.queues = queues
        waiting = gauge("waybill_orders_waiting", "Orders that are accepted and not recorded yet.", [:])
        waitingAge = gauge("waybill_orders_waiting_oldest_seconds", "The age of the oldest of them.", [:])
        let problems = "Problems that the console shows, by severity."
        critical = gauge("waybill_problems", problems, ["severity": "critical"])
        warnings = gauge("waybill_problems", problems, ["severity": "warning"])
    }

    /// What a server did not answer keeps its last value; the problem says so.
    func show(_ state: SystemState) {
        for queue in state.queues ?? [] {
            guard let gauges = queues[queue.depth.queue] else { continue }
            gauges.ready.value = Double(queue.depth.ready)
            gauges.retrying.value = Double(queue.depth.retrying)
            gauges.dead.value = Double(queue.depth.dead)
            gauges.consumers.value = Double(queue.depth.consumers)
            gauges.age.value = Double(queue.age) / 1000
        }
        if let orders = state.waiting {
            waiting.value = Double(orders.count)
            waitingAge.value = Double(orders.age) / 1000
        }
        let severities = state.problems.map(\.severity)
        critical.value = Double(severities.count { $0 == .critical })
        warnings.value = Double(severities.count { $0 == .warning })
    }
}
