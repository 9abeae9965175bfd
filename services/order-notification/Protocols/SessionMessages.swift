import EventLoop
import Orders
import WorkflowState

/// Messages from a session to its client, except updates.
enum ServerMessage: Sendable {
    case welcome(Welcome)
    /// Every update since the position of a resume was replayed.
    case resumed(count: Int)
    /// Updates may be missing. The position is where the session goes on, which may be another epoch.
    /// - `fetchAfter`: the delay before the client fetches the truth, so that a reconnecting crowd does not fetch at once.
    case notResumed(count: Int, MailboxPosition, fetchAfter: Duration?)
    case refreshed(expiresAt: Timestamp)
    case status(StatusAnswer)
    case pong
    case fault(code: StaticString, detail: String)
    case draining(retryAfter: Duration)
    /// Keeps an idle connection open.
    case keepAlive
    /// The end of the session, for protocols with a message for it.
    case close(code: UInt16, reason: String, mayReturn: Bool)
    /// Refuses a hub's handshake; a welcome accepts it.
    case handshake(error: String)
    case completion(id: String, SignalRCompletion)
}

struct Welcome: Sendable {
    var connectionID: String
    var replica: String
    var user: UserID
    var position: MailboxPosition
}

/// The status of one of the user's orders.
struct StatusAnswer: Sendable, Equatable {
    var correlationID: CorrelationID
    var status: OrderStatus
    /// Nil when the id expired before the status.
    var orderID: OrderID?
}

/// The result of an invocation of the hub.
enum SignalRCompletion: Sendable, Equatable {
    case void
    case text(String)
    case status(StatusAnswer?)
    case failure(String)
}

/// Messages from a client to its session.
enum ClientMessage: Sendable, Equatable {
    case authenticate(token: String)
    case resume(ResumePoint)
    case refresh(token: String)
    case status(CorrelationID?)
    case ping
    /// A hub's keep-alive and other messages without an answer.
    case ignored
    /// A hub's handshake, with the reason for its refusal, if any.
    case handshake(error: String?)
    /// An invocation of the hub; without an id it has no answer.
    case invoke(SignalRInvocation, id: String?)
    case close
    case unknown
}

/// A method of the hub with its arguments.
enum SignalRInvocation: Sendable, Equatable {
    case ping
    /// Nil when the argument is no correlation id.
    case registerOrder(CorrelationID?)
    case currentStatus(CorrelationID?)
    case unknown(String)
    /// A stream invocation; no method streams.
    case stream(String)
}
