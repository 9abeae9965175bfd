import EventLoop
import HTTP

/// Where a session writes to.
@Loop
protocol SessionTransport: AnyObject {
    /// What does not fit any more is dropped, and the transport ends by itself.
    func send(_ encoded: Encoded)
    /// Bytes that the client has not taken yet.
    var pendingOutput: Int { get }
    func end(_ code: WebSocketCloseCode, reason: String)
    /// Keeps what is sent back until ``release()``.
    func hold()
    func release()
}

extension WebSocket: SessionTransport {
    func send(_ encoded: Encoded) {
        if case .frame(let frame) = encoded { send(frame) }
    }

    func end(_ code: WebSocketCloseCode, reason: String) { close(code, reason: reason) }
}

extension ServerSentEventStream: SessionTransport {
    func send(_ encoded: Encoded) {
        if case .event(let event) = encoded { send(event) }
    }

    func end(_ code: WebSocketCloseCode, reason: String) { finish() }
}

extension WebSocketCloseCode {
    /// The token is missing, invalid or expired.
    static let unauthenticated = WebSocketCloseCode(4401)
    /// A token of another user.
    static let otherUser = WebSocketCloseCode(4403)
    /// No token within the time for it.
    static let authenticationTimeout = WebSocketCloseCode(4408)
    /// Too many frames.
    static let rateLimited = WebSocketCloseCode(4429)
    /// The client reads too slowly; it should come back and resume.
    static let tooSlow = WebSocketCloseCode(4508)

    /// What the end of an event stream would have been on a socket.
    init(_ ending: HTTPStreamEnd) {
        self =
            switch ending {
            case .left: .normal
            case .lost: .abnormal
            case .tooSlow: .tooSlow
            }
    }

    /// Whether a client does well to connect again.
    var mayReturn: Bool {
        switch self {
        case .goingAway, .tryAgainLater, .unauthenticated, .tooSlow: true
        default: false
        }
    }
}
