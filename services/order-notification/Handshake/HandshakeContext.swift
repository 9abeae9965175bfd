import EventLoop
import HTTP
import Identity

/// What a client sent with its handshake, kept until its session is live.
@Loop
final class HandshakeContext {
    enum Credentials: Sendable {
        case principal(Principal)
        /// The token was refused: the code to close with.
        case refusal(WebSocketCloseCode)
    }

    /// Nil when the token is to come in a first frame.
    let credentials: Credentials?
    let resumePoint: ResumePoint
    var isAuthenticating = false
    /// Whether the token came in time, and its verification takes longer.
    var isLate = false
    /// Calls of a hub's client before the handshake is answered.
    var backlog: [ClientMessage] = []
    static let backlogLimit = 64

    init(_ credentials: Credentials?, _ start: ResumePoint) {
        self.credentials = credentials
        self.resumePoint = start
    }
}
