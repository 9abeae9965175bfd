import EventLoop
import HTTP
import Service

/// Limits of sessions and handshakes.
struct SessionLimits: Sendable {
    var sessionsPerUser = 20
    /// Sessions of one client address; loopback is exempt.
    var sessionsPerAddress = 500
    /// Handshakes of the replica.
    var handshakes = RateLimit(burst: 5000, perSecond: 2000)
    /// Handshakes of one address.
    var handshakesPerAddress = RateLimit(burst: 100, perSecond: 20)
    /// Texts from one client.
    var frames = RateLimit(burst: 60, perSecond: 20)
    /// Time for the token in a first frame, or the hub's handshake.
    var handshaking = Duration.seconds(5)
    /// Time for the mailbox to be read.
    var subscribing = Duration.seconds(15)
    /// Seconds past the expiry for a new token that is being verified.
    var refreshGrace = 10
    /// Bytes of one text; a token has at most 16 KiB.
    var text = 24 << 10
    /// Bytes that a client may leave unread.
    var output = 256 << 10
    /// Seconds between the keep-alives to a hub's client, which times out after 30.
    var keepAlive = 10
    /// Seconds without a message after which a hub's client times out.
    var clientTimeout = 30
    /// Interval of comments in an event stream.
    var heartbeat = Duration.seconds(15)
    /// The time over which a drain spreads its closes.
    var drainTime = Duration.seconds(2)

    /// Orders that one session looks up at once.
    static let lookups: UInt8 = 16

    init() {}

    var webSocket: WebSocket.Configuration {
        WebSocket.Configuration(maxMessage: text, outputLimit: output, overflowCode: .tooSlow)
    }
}
