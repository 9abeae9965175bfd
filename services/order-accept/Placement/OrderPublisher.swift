import EventLoop
import Observability
import OrderEvents
import Orders

/// Where accepted orders are handed on.
@Loop
protocol OrderPublisher: AnyObject {
    /// Returns when the broker has the announcement safe in a queue.
    ///
    /// The same announcement may be published again: its message id tells consumers that it is the same.
    func publish(_ announcement: Announcement, until deadline: Instant) async throws(PublishFailure)
}

/// `order.accepted` with what its envelope says.
struct Announcement: Sendable {
    var event: OrderAccepted
    /// Also of every further attempt.
    var messageID: CorrelationID
    /// The span of the request that caused it.
    var trace: TraceContext
    /// The request's id.
    var cause: String
}

/// Why an announcement was not confirmed.
struct PublishFailure: Error, Hashable, Sendable {
    enum Outcome: Hashable, Sendable {
        /// The broker does not have it.
        case notPublished
        /// The broker may have it.
        case unknown
    }

    var outcome: Outcome
    /// Of bounded variety and fit for logs and metrics, such as `blocked`.
    var reason: String
}
