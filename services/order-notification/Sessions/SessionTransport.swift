import EventLoop
import HTTP

/// The connection of a session.
@Loop
protocol SessionTransport: AnyObject {
    /// Beyond the output limit the transport closes by itself.
    func send(_ encoded: Encoded)
    /// Bytes that the client has not read.
    var pendingOutput: Int { get }
    func end(_ code: WebSocketCloseCode, reason: String)
    /// Holds output back until ``release()``.
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
    /// No token in time.
    static let authenticationTimeout = WebSocketCloseCode(4408)
    /// Too many frames.
    static let rateLimited = WebSocketCloseCode(4429)
    /// The client reads too slowly; it should reconnect and resume.
    static let tooSlow = WebSocketCloseCode(4508)

    /// The close code that corresponds to the end of an event stream.
    init(_ ending: HTTPStreamEnd) {
        self =
            switch ending {
            case .left: .normal
            case .lost: .abnormal
            case .tooSlow: .tooSlow
            }
    }

    /// Whether the client should reconnect.
    var mayReturn: Bool {
        switch self {
        case .goingAway, .tryAgainLater, .unauthenticated, .tooSlow: true
        default: false
        }
    }
}
