import EventLoop
import HTTP
import Identity
import Orders
import WorkflowState

/// One tab: a connection of whatever dialect, from its handshake to its end. There may be tens of thousands,
/// so it holds little: what belongs to the user is the ``Audience``'s, what all share is the desk's.
@Loop
final class Session: WebSocketHandler {
    enum Phase: UInt8, Sendable {
        /// The client has yet to say who it is, or that it speaks the hub's protocol.
        case greeting
        /// Its user is known, its place in the mailbox is not.
        case joining
        case live
        case ended
    }

    let id: UInt64
    let dialect: Dialect
    private(set) var phase = Phase.greeting
    /// Seconds since 1970.
    let openedAt = UInt32(clamping: WallClock.seconds())
    let desk: Sessions
    private var outlet: (any Outlet)?
    /// What came with the handshake, until the session has joined.
    private var guest: Guest?
    /// Set by the audience's registry, before the audience says anything.
    var audience: Audience?
    /// Everything after this offset was given to the session, as far as its audience's position.
    var since: Int64 = 0
    /// Seconds since 1970.
    private(set) var expiresAt = 0
    private var frames = Allowance()
    /// The desk's second in which the client was last heard.
    private(set) var heardAt: UInt32 = 0
    var slot: Int32 = -1
    /// The address that it is counted with.
    let address: String?

    init(_ dialect: Dialect, _ desk: Sessions, _ guest: Guest, address: String?) {
        id = UInt64.random(in: 0 ... .max)
        self.dialect = dialect
        self.desk = desk
        self.guest = guest
        self.address = address
    }

    var isHere: Bool { phase != .ended }
    var user: UserID? { audience?.user }
    var pendingOutput: Int { outlet?.pendingOutput ?? 0 }

    // MARK: Beginning

    /// The connection is made.
    func opened(on outlet: any Outlet) {
        self.outlet = outlet
        heardAt = desk.second
        guard desk.add(self) else { return end(.goingAway, "draining") }
        switch (dialect, guest?.ticket) {
        case (.hub, _), (_, nil): desk.expectGreeting(of: self)
        case (_, .principal(let principal)): join(principal)
        case (_, .refusal(let code)): end(code, code == .tryAgainLater ? "try again" : "token refused")
        }
    }

    func join(_ principal: Principal) {
        guard phase == .greeting else { return }
        let start = guest?.start ?? .now
        if dialect != .hub { guest = nil }
        phase = .joining
        setExpiry(principal)
        guard desk.audiences.join(self, principal.userID, from: start) else {
            return end(.policyViolation, "too many sessions of this user")
        }
        guard phase == .joining else { return }
        desk.expectMailbox(of: self)
        // The handshake's answer and the welcome go out in one piece; a hub's client speaks in between.
        if dialect != .hub { outlet?.hold() }
    }

    /// The hub's handshake.
    func greet(error: String?) {
        guard phase == .greeting, case .principal(let principal) = guest?.ticket else {
            return end(.protocolError, "a handshake was not expected")
        }
        if let error { end(.protocolError, error) } else { join(principal) }
    }

    /// A token in a first frame, once.
    func mayAuthenticate() -> Bool {
        guard dialect == .native, phase == .greeting, let guest, !guest.isAuthenticating else { return false }
        guest.isAuthenticating = true
        return true
    }

    /// A token serves until its `exp`; one that was taken within the leeway after it, until that is over.
    func setExpiry(_ principal: Principal) {
        let now = WallClock.seconds()
        expiresAt = principal.expiresAt > now ? principal.expiresAt : principal.expiresAt + desk.leeway
        desk.expires(at: expiresAt)
    }

    // MARK: What the audience says

    func welcome(at position: MailboxPosition) {
        guard phase == .joining, let user else { return }
        phase = .live
        since = position.offset
        send(
            .welcome(
                Welcome(
                    connectionID: Self.text(of: id), replica: desk.replica, user: user, position: position)))
        outlet?.release()
        let backlog = guest?.backlog ?? []
        guest = nil
        for message in backlog where isHere { handle(message) }
    }

    func push(_ outgoing: Outgoing) {
        guard phase == .live else { return }
        outlet?.send(dialect.encoded(outgoing))
        desk.tally.pushed(dialect)
    }

    /// The welcome takes its time, as while the mailbox cannot be reached: what there is goes out.
    func welcomeIsLate() { if phase == .joining { outlet?.release() } }

    func resumed(recovered: Bool, count: Int) {
        desk.tally.resumed(recovered: recovered)
        // A hub has no word for it: its client is to connect anew, and ask.
        if dialect == .hub, !recovered { return end(.tryAgainLater, "updates were lost") }
        send(.resumed(recovered: recovered, count: count))
    }

    func send(_ message: ServerMessage) {
        guard isHere, let encoded = dialect.codec.encode(message) else { return }
        outlet?.send(encoded)
    }

    // MARK: The connection's side

    func opened(_ socket: WebSocket) { opened(on: socket) }

    func received(text: Span<UInt8>, on socket: WebSocket) { received(text) }

    /// One message from the client.
    func received(_ text: Span<UInt8>) {
        guard isHere else { return }
        heardAt = desk.second
        guard frames.take(desk.limits.frames, now: Loop.now) else { return end(.tooMany, "too many frames") }
        let messages: [ClientMessage]
        do throws(DialectFault) {
            messages = try dialect.codec.decode(text)
        } catch {
            if dialect == .hub { return end(.protocolError, error.detail) }
            return send(.fault(code: "bad_message", detail: error.detail))
        }
        for message in messages where isHere { take(message) }
    }

    /// A hub's calls wait until its handshake is answered.
    private func take(_ message: ClientMessage) {
        guard dialect == .hub, phase == .joining, let guest else { return handle(message) }
        guard guest.backlog.count < Guest.backlogLimit else { return end(.tooMany, "too many calls") }
        if message != .ignored { guest.backlog.append(message) }
    }

    func draining(_ socket: WebSocket) { desk.beginFarewell() }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { gone(code) }

    // MARK: The end

    /// Ends the session, and says why in the dialect's way.
    func end(_ code: WebSocketCloseCode, _ reason: String) {
        guard isHere else { return }
        if dialect == .hub, phase != .live {
            send(.handshake(error: reason))
        } else {
            send(.farewell(code: code.rawValue, reason: reason, mayReturn: code.mayReturn))
        }
        leave()
        outlet?.end(code, reason: reason)
        // A stream does not report its own end.
        if dialect == .events { gone(code) }
    }

    /// The connection is no more.
    func gone(_ code: WebSocketCloseCode) {
        guard outlet != nil else { return }
        leave()
        outlet = nil
        desk.remove(self, code)
    }

    private func leave() {
        phase = .ended
        guest = nil
        if let audience { desk.audiences.leave(self, audience) }
        audience = nil
    }

    nonisolated static func text(of id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// What a client brought along with its handshake.
@Loop
final class Guest {
    enum Ticket: Sendable {
        case principal(Principal)
        /// The token that it brought is worth nothing: the code to close with.
        case refusal(WebSocketCloseCode)
    }

    /// `nil` when it is to come in a first frame.
    let ticket: Ticket?
    let start: Start
    var isAuthenticating = false
    /// What a hub's client says before it is welcomed.
    var backlog: [ClientMessage] = []
    static let backlogLimit = 64

    init(_ ticket: Ticket?, _ start: Start) {
        self.ticket = ticket
        self.start = start
    }
}
