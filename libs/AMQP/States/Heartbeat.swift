/// Decides when to send a heartbeat, and when the peer is lost (AMQP 0-9-1, section 4.2.7). Call `tick` twice
/// per interval.
struct Heartbeat: Sendable {
    enum Action: Sendable, Equatable {
        case idle
        case send
        /// Nothing was received for two intervals: the connection is half open.
        case lost
    }

    private var silentTicks = 0
    private var received = true
    private var didWrite = true

    /// Any received byte counts.
    mutating func recordReceived() { received = true }
    /// Any frame written replaces a heartbeat.
    mutating func recordWritten() { didWrite = true }

    mutating func tick() -> Action {
        silentTicks = received ? 0 : silentTicks + 1
        received = false
        if silentTicks >= 4 { return .lost }
        defer { didWrite = false }
        return didWrite ? .idle : .send
    }
}
