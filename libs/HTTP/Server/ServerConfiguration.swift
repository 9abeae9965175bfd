package import EventLoop

extension HTTPServer {
    /// Limits of a server. Sizes are in bytes.
    package struct Configuration: Sendable {
        /// Request line, header bytes and header count.
        package var head = HTTPHeadLimits()
        /// Body of a request, unless its route has a limit of its own.
        package var bodyLimit = 64 << 10
        /// Open connections; one more is answered 503 and closed.
        package var maxConnections = 20_000
        /// Open connections of one client address that is no trusted proxy; nil for no limit.
        package var maxConnectionsPerAddress: Int?
        /// Held for all clients together.
        package var bufferLimit = 128 << 20
        /// Connections beyond a limit that are answered 503 at a time; others are closed at once.
        package var maxRejected = 256
        /// From the connection to the first byte of its first request.
        package var firstByteTimeout = Duration.seconds(10)
        /// From the first byte of a head to its last; then 408.
        package var headTimeout = Duration.seconds(10)
        /// From the end of the head to the end of the body; then 408.
        package var bodyTimeout = Duration.seconds(30)
        /// How long a connection may wait for another request, or a response for its reader.
        package var idleTimeout = Duration.seconds(60)
        /// How long a handler may take; then it is cancelled and the client is told 503.
        package var handlerTimeout = Duration.seconds(30)
        /// How long a client may read an error before the connection closes.
        package var lingerTimeout = Duration.seconds(2)
        /// Unread response bytes past which pipelined requests wait.
        package var outputHighWater = 256 << 10
        /// Unread bytes of a streamed response past which the client is disconnected.
        package var streamLimit = 1 << 20
        /// The proxies whose `X-Forwarded-For` names the client.
        package var trustedProxies = Self.loopback
        /// Fields added to every response; they are added even when a handler sets the same field.
        package var defaultHeaders: HTTPHeaders = ["X-Content-Type-Options": "nosniff"]

        /// Answers requests that reach no handler: malformed, too large, too slow, no handshake. The server adds the
        /// headers of the refusal.
        package var refusal: @Loop (HTTPRefusal) -> HTTPResponse = { HTTPResponse(problem: $0.status) }

        package init() {}

        package static let loopback = ["127.0.0.0/8", "::1"].compactMap { IPAddressRange($0) }
    }

    /// Counts of what a server holds and has done.
    package struct Statistics: Sendable {
        package var connections = 0
        package var webSockets = 0
        package var accepted = 0
        package var requests = 0
        /// Requests refused before they reached a handler.
        package var refused = 0
        /// Connections refused by a limit.
        package var rejected = 0

        package init() {}
    }
}
