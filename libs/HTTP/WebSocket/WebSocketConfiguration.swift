internal import EventLoop

extension WebSocket {
    /// Limits of WebSockets, shared by all that are made with them. Sizes are in bytes.
    package final class Configuration: Sendable {
        /// Largest message; then 1009.
        let maxMessage: Int
        /// Unread output past which the peer is too slow; the socket is closed with `overflowCode`.
        let outputLimit: Int
        let overflowCode: WebSocketCloseCode
        /// Silence after which a ping is sent.
        let pingInterval: Duration
        /// The same in nanoseconds, for the sum computed for every message.
        let pingNanoseconds: Int64
        /// Silence after that ping before the connection is closed.
        let pongTimeout: Duration
        /// How long to wait for the peer's close frame.
        let closeTimeout: Duration

        package init(
            maxMessage: Int = 64 << 10, outputLimit: Int = 256 << 10,
            overflowCode: WebSocketCloseCode = WebSocketCloseCode(4508),
            pingInterval: Duration = .seconds(30), pongTimeout: Duration = .seconds(15),
            closeTimeout: Duration = .seconds(5)
        ) {
            self.maxMessage = maxMessage
            self.outputLimit = outputLimit
            self.overflowCode = overflowCode
            self.pingInterval = pingInterval
            pingNanoseconds = pingInterval.nanoseconds
            self.pongTimeout = pongTimeout
            self.closeTimeout = closeTimeout
        }
    }
}
