import EventLoop
import HTTP
import Identity
import Observability
import Orders
import Service
import WorkflowState

/// One connection of a client, of whatever protocol, from its handshake to its end. A replica may hold tens of
/// thousands: what belongs to the user is in ``UserSubscription``, what all share in ``SessionRegistry``.
@Loop
final class Session: WebSocketHandler {
    enum Phase {
        /// The client has not authenticated, or not completed the hub's handshake.
        case handshaking(HandshakeContext)
        /// The user is known; the mailbox has not been read. A hub's client may send calls already.
        case subscribing(UserSubscription?, HandshakeContext)
        case live(UserSubscription)
        case ended
    }

    let id: UInt64
    let wireProtocol: WireProtocol
    private(set) var phase: Phase
    /// Seconds since 1970.
    let openedAt = UInt32(clamping: WallClock.seconds())
    let registry: SessionRegistry
    private var transport: (any SessionTransport)?
    /// Seconds since 1970.
    private(set) var expiresAt = 0
    private var acceptedKeyTag: UInt64 = 0
    private var frames = RateLimiter()
    private var lookups: UInt8 = 0
    /// Whether a new token is being verified.
    var isRefreshing = false
    /// The registry's second in which the client last sent something.
    private(set) var heardAt: UInt32 = 0
    var slot: Int32 = -1
    /// The client address that the session is counted with.
    let address: IPAddress?

    init(
        _ wireProtocol: WireProtocol, _ registry: SessionRegistry, _ handshake: HandshakeContext,
        address: IPAddress?
    ) {
        id = UInt64.random(in: 0 ... .max)
        self.wireProtocol = wireProtocol
        self.registry = registry
        phase = .handshaking(handshake)
        self.address = address
    }

    var isOpen: Bool { if case .ended = phase { false } else { true } }
    var isHandshaking: Bool { if case .handshaking = phase { true } else { false } }
    var isSubscribing: Bool { if case .subscribing = phase { true } else { false } }
    var isLive: Bool { if case .live = phase { true } else { false } }
    var pendingOutput: Int { transport?.pendingOutput ?? 0 }
    var user: UserID? { subscription?.user }

    /// Of the key that verified the token; nil without a token.
    var keyTag: UInt64? {
        guard case .handshaking(let handshake) = phase else { return acceptedKeyTag }
        if case .principal(let principal)? = handshake.credentials { return principal.keyTag }
        return nil
    }

    var subscription: UserSubscription? {
        switch phase {
        case .subscribing(let subscription, _): subscription
        case .live(let subscription): subscription
        case .handshaking, .ended: nil
        }
    }

    // MARK: Handshake

    func opened(on transport: any SessionTransport) {
        self.transport = transport
        heardAt = registry.second
        guard registry.add(self) else { return end(.goingAway, "draining") }
        guard case .handshaking(let handshake) = phase else { return }
        switch (wireProtocol, handshake.credentials) {
        case (.signalR, _), (_, nil): registry.expectHandshake(of: self)
        case (_, .principal(let principal)): join(principal)
        case (_, .refusal(let code)): end(code, code == .tryAgainLater ? "try again" : "token refused")
        }
    }

    func join(_ principal: Principal) {
        guard case .handshaking(let handshake) = phase else { return }
        phase = .subscribing(nil, handshake)
        accept(principal)
        guard registry.subscriptions.join(self, principal.userID, from: handshake.resumePoint) else {
            return end(.policyViolation, "too many sessions of this user")
        }
        guard isSubscribing else { return }
        registry.expectMailbox(of: self)
        // The handshake's response and the welcome leave in one write; a hub's client speaks in between.
        if wireProtocol != .signalR { transport?.hold() }
    }

    /// The registry has found the user's subscription, which calls the session from now on.
    func subscribe(to subscription: UserSubscription) {
        if case .subscribing(nil, let handshake) = phase { phase = .subscribing(subscription, handshake) }
    }

    /// Completes the hub's handshake.
    func completeHandshake(error: String?) {
        guard case .handshaking(let handshake) = phase, case .principal(let principal) = handshake.credentials
        else {
            return end(.protocolError, "a handshake was not expected")
        }
        if let error { end(.protocolError, error) } else { join(principal) }
    }

    /// Whether a token in a first frame is expected; true once.
    func mayAuthenticate() -> Bool {
        guard wireProtocol == .native, case .handshaking(let handshake) = phase, !handshake.isAuthenticating
        else {
            return false
        }
        handshake.isAuthenticating = true
        return true
    }

    /// The session ends at the token's `exp`, or after the leeway for a token accepted within it; and when the issuer
    /// withdraws the token's key.
    func accept(_ principal: Principal) {
        acceptedKeyTag = principal.keyTag
        let now = WallClock.seconds()
        expiresAt = principal.expiresAt > now ? principal.expiresAt : principal.expiresAt + registry.leeway
        registry.expires(at: expiresAt)
    }

    /// Looking an order up; false when too many are in flight.
    func beginLookup() -> Bool {
        guard lookups < SessionLimits.lookups else { return false }
        lookups += 1
        return true
    }

    func endLookup() { lookups -= 1 }

    // MARK: Calls of the subscription

    func welcome(at position: MailboxPosition) {
        guard case .subscribing(let subscription?, let handshake) = phase else { return }
        phase = .live(subscription)
        send(
            .welcome(
                Welcome(
                    connectionID: Self.text(of: id), replica: registry.replica, user: subscription.user,
                    position: position)))
        transport?.release()
        for message in handshake.backlog where isOpen { handle(message) }
    }

    func push(_ publication: EncodedPublication) {
        guard isLive else { return }
        transport?.send(wireProtocol.encoded(publication))
        registry.metrics.pushed(wireProtocol)
        registry.tracer?.record(pushSpan(of: publication))
    }

    /// Writes the held output although the welcome is late, as while the mailbox cannot be read.
    func releaseHeldOutput() { if isSubscribing { transport?.release() } }

    /// - Parameter position: where the session is then.
    func resumed(recovered: Bool, count: Int, at position: MailboxPosition) {
        registry.metrics.resumed(recovered: recovered)
        // The hub protocol has no message for it: the client reconnects and queries.
        if wireProtocol == .signalR, !recovered { return end(.tryAgainLater, "updates were lost") }
        send(
            recovered
                ? .resumed(count: count)
                : .notResumed(count: count, position, fetchAfter: registry.fetchDelay))
    }

    func send(_ message: ServerMessage) {
        guard isOpen, let encoded = wireProtocol.codec.encode(message) else { return }
        transport?.send(encoded)
    }

    // MARK: Calls of the connection

    func opened(_ socket: WebSocket) { opened(on: socket) }

    func acceptsFrame(on socket: WebSocket) -> Bool { takePermit() }

    func received(text: Span<UInt8>, on socket: WebSocket) { received(text) }

    /// For a frame, or for a message after the first of one.
    func takePermit() -> Bool {
        if !isOpen || frames.take(registry.limits.frames, now: Loop.now) { return true }
        end(.rateLimited, "too many messages")
        return false
    }

    /// One text from the client, of one or more messages.
    func received(_ text: Span<UInt8>) {
        guard isOpen else { return }
        heardAt = registry.second
        let messages: [ClientMessage]
        do throws(ProtocolError) {
            messages = try wireProtocol.codec.decode(text)
        } catch {
            if wireProtocol == .signalR { return end(.protocolError, error.detail) }
            return send(.fault(code: "bad_message", detail: error.detail))
        }
        for (index, message) in messages.enumerated() where isOpen && (index == 0 || takePermit()) {
            take(message)
        }
    }

    /// Queues a hub's calls until its handshake is answered.
    private func take(_ message: ClientMessage) {
        guard wireProtocol == .signalR, case .subscribing(_, let handshake) = phase else {
            return handle(message)
        }
        guard handshake.backlog.count < HandshakeContext.backlogLimit else {
            return end(.rateLimited, "too many calls")
        }
        if message != .ignored { handshake.backlog.append(message) }
    }

    func draining(_ socket: WebSocket) { registry.beginDrain() }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { disconnected(code) }

    // MARK: The end

    /// Ends the session with a close message of its protocol.
    func end(_ code: WebSocketCloseCode, _ reason: String) {
        guard isOpen else { return }
        if wireProtocol == .signalR, !isLive {
            send(.handshake(error: reason))
        } else {
            send(.close(code: code.rawValue, reason: reason, mayReturn: code.mayReturn))
        }
        leave()
        transport?.end(code, reason: reason)
        // An event stream does not report its own end.
        if wireProtocol == .events { disconnected(code) }
    }

    /// The connection has ended.
    func disconnected(_ code: WebSocketCloseCode) {
        guard transport != nil else { return }
        leave()
        transport = nil
        registry.remove(self, code)
    }

    private func leave() {
        let subscription = subscription
        phase = .ended
        if let subscription { registry.subscriptions.leave(self, subscription) }
    }

    nonisolated static func text(of id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
