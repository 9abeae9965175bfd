import EventLoop
import HTTP

/// What sessions may take.
struct SessionLimits: Sendable {
    var sessionsPerUser = 20
    /// Of one client address; the loopback's are not counted, since that is the edge, or an operator.
    var sessionsPerAddress = 500
    /// Handshakes of the whole replica.
    var handshakes = Rate(burst: 5000, perSecond: 2000)
    /// Handshakes of one address.
    var handshakesPerAddress = Rate(burst: 100, perSecond: 20)
    /// Texts from one client.
    var frames = Rate(burst: 60, perSecond: 20)
    /// For the token, or the hub's handshake.
    var handshaking = Duration.seconds(5)
    /// For the mailbox to be reached.
    var subscribing = Duration.seconds(15)
    /// Bytes of one text; a token has at most 8 KiB.
    var text = 16 << 10
    /// Bytes that a client may leave unread.
    var output = 256 << 10
    /// Between the keep-alives of a hub, which its clients miss after 30 s; and after twice this silence the
    /// client counts as gone.
    var keepAlive = 10
    /// Seconds without a word from a hub's client.
    var clientTimeout = 30
    /// Between the comments in an event stream.
    var heartbeat = Duration.seconds(15)
    /// Over how much time a drain spreads its closes.
    var drainTime = Duration.seconds(2)

    init() {}

    var webSocket: WebSocket.Configuration {
        WebSocket.Configuration(maxMessage: text, outputLimit: output, overflowCode: .tooSlow)
    }
}
