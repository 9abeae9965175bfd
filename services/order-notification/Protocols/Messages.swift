import EventLoop
import Orders
import WorkflowState

/// What a session says besides updates.
enum ServerMessage: Sendable {
    case welcome(Welcome)
    /// The answer to a wish to resume: whether everything since the position was replayed.
    case resumed(recovered: Bool, count: Int)
    case refreshed(expiresAt: Timestamp)
    case status(StatusAnswer)
    case pong
    case fault(code: StaticString, detail: String)
    case draining(retryAfter: Duration)
    /// Keeps a quiet connection known to be alive.
    case keepAlive
    /// The end, where the transport has no words for it.
    case close(code: UInt16, reason: String, mayReturn: Bool)
    /// The refusal of a hub's handshake; a welcome accepts it.
    case handshake(error: String)
    case completion(id: String, SignalRCompletion)
}

struct Welcome: Sendable {
    var connectionID: String
    var replica: String
    var user: UserID
    var position: MailboxPosition
}

/// Where one of the user's orders stands.
struct StatusAnswer: Sendable, Equatable {
    var correlationID: CorrelationID
    var status: OrderStatus
    /// Nil when Redis has forgotten it before the status.
    var orderID: OrderID?
}

/// What an invocation of the hub came to.
enum SignalRCompletion: Sendable, Equatable {
    case void
    case text(String)
    case status(StatusAnswer?)
    case failure(String)
}

/// What a client asks of its session.
enum ClientMessage: Sendable, Equatable {
    case authenticate(token: String)
    case resume(ResumePoint)
    case refresh(token: String)
    case status(CorrelationID?)
    case ping
    /// A hub's keep-alive, and what a hub needs no answer to.
    case ignored
    /// A hub's handshake, and why it cannot be accepted, if so.
    case handshake(error: String?)
    /// A call of the hub; without an id no answer is wanted.
    case invoke(SignalRInvocation, id: String?)
    case close
    case unknown
}

/// A method of the hub with its arguments.
enum SignalRInvocation: Sendable, Equatable {
    case ping
    /// `nil` where the argument is no correlation id.
    case registerOrder(CorrelationID?)
    case currentStatus(CorrelationID?)
    case unknown(String)
    /// Called as a stream, which no method here is.
    case stream(String)
}
