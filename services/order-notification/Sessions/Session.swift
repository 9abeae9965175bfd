import EventLoop
import HTTP
import Identity
import Orders
import Service
import WorkflowState

/// One tab: a connection of whatever wireProtocol, from its handshake to its end. There may be tens of thousands,
/// so it holds little: what belongs to the user is the ``UserSubscription``'s, what all share is the registry's.
@Loop
final class Session: WebSocketHandler {
    enum Phase: UInt8, Sendable {
        /// The client has yet to say who it is, or that it speaks the hub's protocol.
        case handshaking
        /// Its user is known, its place in the mailbox is not.
        case subscribing
        case live
        case ended
    }

    let id: UInt64
    let wireProtocol: WireProtocol
    private(set) var phase = Phase.handshaking
    /// Seconds since 1970.
    let openedAt = UInt32(clamping: WallClock.seconds())
    let registry: SessionRegistry
    private var transport: (any SessionTransport)?
    /// What came with the handshake, until the session has joined.
    private var handshake: HandshakeContext?
    /// Set by the subscription's registry, before the subscription says anything.
    var subscription: UserSubscription?
    /// Everything after this offset was given to the session, as far as its subscription's position.
    var since: Int64 = 0
    /// Seconds since 1970.
    private(set) var expiresAt = 0
    private var frames = RateLimiter()
    /// The registry's second in which the client was last heard.
    private(set) var heardAt: UInt32 = 0
    var slot: Int32 = -1
    /// The address that it is counted with.
    let address: String?

    init(
        _ wireProtocol: WireProtocol, _ registry: SessionRegistry, _ handshake: HandshakeContext,
        address: String?
    ) {
        id = UInt64.random(in: 0 ... .max)
        self.wireProtocol = wireProtocol
        self.registry = registry
        self.handshake = handshake
        self.address = address
    }

    var isOpen: Bool { phase != .ended }
    var user: UserID? { subscription?.user }
    var pendingOutput: Int { transport?.pendingOutput ?? 0 }

    // MARK: Beginning

    /// The connection is made.
    func opened(on transport: any SessionTransport) {
        self.transport = transport
        heardAt = registry.second
        guard registry.add(self) else { return end(.goingAway, "draining") }
        switch (wireProtocol, handshake?.credentials) {
        case (.signalR, _), (_, nil): registry.expectHandshake(of: self)
        case (_, .principal(let principal)): join(principal)
        case (_, .refusal(let code)): end(code, code == .tryAgainLater ? "try again" : "token refused")
        }
    }

    func join(_ principal: Principal) {
        guard phase == .handshaking else { return }
        let start = handshake?.resumePoint ?? .latest
        if wireProtocol != .signalR { handshake = nil }
        phase = .subscribing
        setExpiry(principal)
        guard registry.subscriptions.join(self, principal.userID, from: start) else {
            return end(.policyViolation, "too many sessions of this user")
        }
        guard phase == .subscribing else { return }
        registry.expectMailbox(of: self)
        // The handshake's answer and the welcome go out in one piece; a hub's client speaks in between.
        if wireProtocol != .signalR { transport?.hold() }
    }

    /// The hub's handshake.
    func completeHandshake(error: String?) {
        guard phase == .handshaking, case .principal(let principal) = handshake?.credentials else {
            return end(.protocolError, "a handshake was not expected")
        }
        if let error { end(.protocolError, error) } else { join(principal) }
    }

    /// A token in a first frame, once.
    func mayAuthenticate() -> Bool {
        guard wireProtocol == .native, phase == .handshaking, let handshake, !handshake.isAuthenticating
        else { return false }
        handshake.isAuthenticating = true
        return true
    }

    /// A token serves until its `exp`; one that was taken within the leeway after it, until that is over.
    func setExpiry(_ principal: Principal) {
        let now = WallClock.seconds()
        expiresAt = principal.expiresAt > now ? principal.expiresAt : principal.expiresAt + registry.leeway
        registry.expires(at: expiresAt)
    }

    // MARK: What the subscription says

    func welcome(at position: MailboxPosition) {
        guard phase == .subscribing, let user else { return }
        phase = .live
        since = position.offset
        send(
            .welcome(
                Welcome(
                    connectionID: Self.text(of: id), replica: registry.replica, user: user, position: position
                )))
        transport?.release()
        let backlog = handshake?.backlog ?? []
        handshake = nil
        for message in backlog where isOpen { handle(message) }
    }

    func push(_ publication: Publication) {
        guard phase == .live else { return }
        transport?.send(wireProtocol.encoded(publication))
        registry.metrics.pushed(wireProtocol)
    }

    /// The welcome takes its time, as while the mailbox cannot be reached: what there is goes out.
    func releaseHeldOutput() { if phase == .subscribing { transport?.release() } }

    func resumed(recovered: Bool, count: Int) {
        registry.metrics.resumed(recovered: recovered)
        // A hub has no word for it: its client is to connect anew, and ask.
        if wireProtocol == .signalR, !recovered { return end(.tryAgainLater, "updates were lost") }
        send(.resumed(recovered: recovered, count: count))
    }

    func send(_ message: ServerMessage) {
        guard isOpen, let encoded = wireProtocol.codec.encode(message) else { return }
        transport?.send(encoded)
    }

    // MARK: The connection's side

    func opened(_ socket: WebSocket) { opened(on: socket) }

    func received(text: Span<UInt8>, on socket: WebSocket) { received(text) }

    /// One message from the client.
    func received(_ text: Span<UInt8>) {
        guard isOpen else { return }
        heardAt = registry.second
        guard frames.take(registry.limits.frames, now: Loop.now) else {
            return end(.rateLimited, "too many frames")
        }
        let messages: [ClientMessage]
        do throws(ProtocolError) {
            messages = try wireProtocol.codec.decode(text)
        } catch {
            if wireProtocol == .signalR { return end(.protocolError, error.detail) }
            return send(.fault(code: "bad_message", detail: error.detail))
        }
        for message in messages where isOpen { take(message) }
    }

    /// A hub's calls wait until its handshake is answered.
    private func take(_ message: ClientMessage) {
        guard wireProtocol == .signalR, phase == .subscribing, let handshake else { return handle(message) }
        guard handshake.backlog.count < HandshakeContext.backlogLimit else {
            return end(.rateLimited, "too many calls")
        }
        if message != .ignored { handshake.backlog.append(message) }
    }

    func draining(_ socket: WebSocket) { registry.beginDrain() }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { disconnected(code) }

    // MARK: The end

    /// Ends the session, and says why in the wireProtocol's way.
    func end(_ code: WebSocketCloseCode, _ reason: String) {
        guard isOpen else { return }
        if wireProtocol == .signalR, phase != .live {
            send(.handshake(error: reason))
        } else {
            send(.close(code: code.rawValue, reason: reason, mayReturn: code.mayReturn))
        }
        leave()
        transport?.end(code, reason: reason)
        // A stream does not report its own end.
        if wireProtocol == .events { disconnected(code) }
    }

    /// The connection is no more.
    func disconnected(_ code: WebSocketCloseCode) {
        guard transport != nil else { return }
        leave()
        transport = nil
        registry.remove(self, code)
    }

    private func leave() {
        phase = .ended
        handshake = nil
        if let subscription { registry.subscriptions.leave(self, subscription) }
        subscription = nil
    }

    nonisolated static func text(of id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// What a client brought along with its handshake.
@Loop
final class HandshakeContext {
    enum Credentials: Sendable {
        case principal(Principal)
        /// The token that it brought is worth nothing: the code to close with.
        case refusal(WebSocketCloseCode)
    }

    /// `nil` when it is to come in a first frame.
    let credentials: Credentials?
    let resumePoint: ResumePoint
    var isAuthenticating = false
    /// What a hub's client says before it is welcomed.
    var backlog: [ClientMessage] = []
    static let backlogLimit = 64

    init(_ credentials: Credentials?, _ start: ResumePoint) {
        self.credentials = credentials
        self.resumePoint = start
    }
}
