internal import EventLoop

/// Whether the broker still settles what is published on a channel. During the election of a queue's leader it may nack, or
/// forget, everything on a channel from then on (seen with RabbitMQ 3.10), although the connection is healthy: the channel
/// is opened again, and when that does not help, the connection.
struct ConfirmProgress {
    enum Remedy: Equatable {
        case none
        case reopenChannel
        case reconnect
    }

    /// With a message that was published and nothing acked since.
    static let channelLimit = Duration.seconds(1)
    /// On a channel that was opened again for that reason.
    static let connectionLimit = Duration.seconds(2)
    /// Of a single message, while others are acked.
    static let messageLimit = Duration.seconds(10)

    /// Since when something was published and nothing acked.
    private var silentSince: Instant?
    private var isReopened = false
    /// Reconnects since the last ack: the limits double with each, for a broker that refuses everything.
    private var reconnects = 0

    mutating func published(at now: Instant) { if silentSince == nil { silentSince = now } }

    /// - Parameter outstanding: messages that are not settled yet.
    mutating func acked(outstanding: Int, at now: Instant) {
        silentSince = outstanding > 0 ? now : nil
        isReopened = false
        reconnects = 0
    }

    /// When ``remedy(at:oldest:)`` may change.
    var deadline: Instant? { silentSince.map { $0 + limit } }

    private var limit: Duration {
        (isReopened ? Self.connectionLimit : Self.channelLimit) * (1 << min(reconnects, 5))
    }

    /// - Parameter oldest: when the oldest message was published that is not settled.
    func remedy(at now: Instant, oldest: Instant?) -> Remedy {
        if let silentSince, silentSince + limit <= now { return isReopened ? .reconnect : .reopenChannel }
        if let oldest, oldest + Self.messageLimit <= now { return .reopenChannel }
        return .none
    }

    mutating func channelReopened() {
        silentSince = nil
        isReopened = true
    }

    /// The connection has ended, for whatever reason.
    mutating func disconnected() {
        if isReopened { reconnects += 1 }
        silentSince = nil
        isReopened = false
    }
}
