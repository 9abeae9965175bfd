import EventLoop
import HTTP
import Observability
import Orders
import WorkflowState

/// Counters of order-notification.
@Loop
final class NotificationMetrics {
    private let pushes: [Counter]
    let replays: Counter
    let gaps: Counter
    let resumes: (recovered: Counter, lost: Counter)
    let delivered: Counter
    let duplicates: Counter
    let outdated: Counter
    let unknownOwner: Counter
    private let latency: Histogram
    private let orderLatency: Histogram
    private let closes: [UInt16: Counter]
    private let otherCloses: Counter
    let refusals: (origin: Counter, token: Counter, rate: Counter, address: Counter)

    /// The close codes of this service, and 1000 and 1006, those of clients.
    private static let codes: [UInt16] = [
        1000, 1001, 1006, 1008, 1009, 1013, 4401, 4403, 4408, 4429, 4508,
    ]

    init(_ metrics: Metrics) {
        pushes = WireProtocol.allCases.map { wireProtocol in
            metrics.counter(
                "waybill_notification_pushes_total", "Updates written to sessions.",
                labels: ["protocol": wireProtocol.name])
        }
        replays = metrics.counter(
            "waybill_notification_replays_total", "Updates pushed from a mailbox's history.")
        gaps = metrics.counter(
            "waybill_notification_gaps_total", "Channel messages that revealed a lost one.")
        let resumed = "Resumed sessions, by whether all updates were recovered."
        resumes = (
            metrics.counter("waybill_notification_resumes_total", resumed, labels: ["recovered": "true"]),
            metrics.counter("waybill_notification_resumes_total", resumed, labels: ["recovered": "false"])
        )
        let events = "Consumed outcomes of orders, by result."
        delivered = metrics.counter(
            "waybill_notification_outcomes_total", events, labels: ["result": "delivered"])
        duplicates = metrics.counter(
            "waybill_notification_outcomes_total", events, labels: ["result": "duplicate"])
        outdated = metrics.counter(
            "waybill_notification_outcomes_total", events, labels: ["result": "outdated"])
        unknownOwner = metrics.counter(
            "waybill_notification_outcomes_total", events, labels: ["result": "unknown_owner"])
        latency = metrics.histogram(
            "waybill_notification_delivery_seconds",
            "Time from an update to its push to the user's live sessions.")
        orderLatency = metrics.histogram(
            "waybill_order_notification_seconds",
            "From an order's acceptance to the push of its outcome to the user's live sessions.")
        let closed = "Sessions that ended, by close code."
        closes = Dictionary(
            uniqueKeysWithValues: Self.codes.map { code in
                (
                    code,
                    metrics.counter("waybill_notification_closes_total", closed, labels: ["code": "\(code)"])
                )
            })
        otherCloses = metrics.counter("waybill_notification_closes_total", closed, labels: ["code": "other"])
        func refusal(_ reason: String) -> Counter {
            metrics.counter(
                "waybill_notification_handshakes_refused_total", "Handshakes refused before a session began.",
                labels: ["reason": reason])
        }
        refusals = (refusal("origin"), refusal("token"), refusal("rate"), refusal("address"))
    }

    func pushed(_ wireProtocol: WireProtocol) { pushes[Int(wireProtocol.rawValue)].increment() }

    func resumed(recovered: Bool) { (recovered ? resumes.recovered : resumes.lost).increment() }

    /// Records that an update was pushed to a user's live sessions.
    func recordDelivery(_ update: StatusUpdate) {
        let now = WallClock.milliseconds()
        latency.observe(Double(max(0, now - update.occurredAt.milliseconds)) / 1000)
        if update.status.isFinal, let accepted = update.correlationID.timestamp {
            orderLatency.observe(Double(max(0, now - accepted.milliseconds)) / 1000)
        }
    }

    func closed(_ code: WebSocketCloseCode) { (closes[code.rawValue] ?? otherCloses).increment() }
}
