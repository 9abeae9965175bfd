/// When to send a heartbeat, and when the peer is gone (AMQP 0-9-1, section 4.2.7). Ask `tick` twice an
/// interval.
struct Heartbeat: Sendable {
    enum Action: Sendable, Equatable {
        case idle
        case send
        /// Nothing came for two intervals: the connection is half open.
        case lost
    }

    private var silentTicks = 0
    private var received = true
    private var didWrite = true

    /// Any byte counts as a sign of life.
    mutating func recordReceived() { received = true }
    /// Any frame written makes a heartbeat superfluous.
    mutating func recordWritten() { didWrite = true }

    mutating func tick() -> Action {
        silentTicks = received ? 0 : silentTicks + 1
        received = false
        if silentTicks >= 4 { return .lost }
        defer { didWrite = false }
        return didWrite ? .idle : .send
    }
}
