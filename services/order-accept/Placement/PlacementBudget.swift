import EventLoop

/// How the time of one order is spent. Whatever stands still, the client has an answer within about
/// ``total``.
struct PlacementBudget {
    static let total = Duration.seconds(2)
    /// One call to Redis, the wait for a connection included.
    static let state = Duration.milliseconds(600)

    /// The broker must have confirmed by then; what follows is left to take back what was written.
    let publishUntil: Instant

    init(from start: Instant) {
        publishUntil = start + Self.total - Self.state
    }
}
