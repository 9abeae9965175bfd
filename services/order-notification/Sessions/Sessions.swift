import EventLoop
import HTTP
import Identity
import Observability
import WorkflowState

/// The desk at which this replica's sessions are kept: who is here, how many of each address, whose time is up.
@Loop
final class Sessions {
    let replica: String
    let limits: Limits
    let audiences: Audiences
    let workflows: any WorkflowStore
    let authenticator: Authenticator
    let tally: Tally
    let log: Logger
    let chores: Chores
    /// Seconds by which a token may be older than it says.
    let leeway: Int
    /// Shared by all WebSockets.
    let webSocket: WebSocket.Configuration

    /// Counts ticks, which come once a second.
    private(set) var second: UInt32 = 0
    private(set) var all: [Session] = []
    private(set) var counts = [Int](repeating: 0, count: Dialect.allCases.count)
    private(set) var isDraining = false
    private var soonestExpiry = Int.max
    private var greeting: [(session: Session, deadline: Instant)] = []
    private var joining: [(session: Session, deadline: Instant)] = []
    /// The hub's sessions, by the tick at which they get their pulse.
    private var pulses: [[Session]]
    private var addresses: [String: Address] = [:]
    private var handshakes = Allowance()

    private struct Address {
        var sessions = 0
        var handshakes = Allowance()
    }

    init(
        replica: String, limits: Limits = Limits(), audiences: Audiences, workflows: any WorkflowStore,
        authenticator: Authenticator, tally: Tally, log: Logger, chores: Chores, leeway: Int = 30
    ) {
        self.replica = replica
        self.limits = limits
        self.audiences = audiences
        self.workflows = workflows
        self.authenticator = authenticator
        self.tally = tally
        self.log = log
        self.chores = chores
        self.leeway = leeway
        webSocket = limits.webSocket
        pulses = Array(repeating: [], count: limits.pulse)
    }

    /// Bytes that clients have not taken yet.
    var pendingOutput: Int { all.reduce(0) { $0 + $1.pendingOutput } }

    // MARK: Handshakes

    enum Refusal: Error, Sendable {
        /// Too many handshakes, here or from this address.
        case rate
        /// The address has all the sessions it may have.
        case address
        case draining
    }

    /// Lets a handshake pass, or says why not.
    ///
    /// - Parameter address: `nil` for one that is not counted.
    func admit(_ address: String?) throws(Refusal) {
        if isDraining { throw .draining }
        guard handshakes.take(limits.handshakes, now: Loop.now) else {
            tally.refusals.rate.increment()
            throw .rate
        }
        guard let address else { return }
        guard addresses[address, default: Address()].sessions < limits.sessionsPerAddress else {
            tally.refusals.address.increment()
            throw .address
        }
        guard
            addresses[address, default: Address()].handshakes.take(limits.handshakesPerAddress, now: Loop.now)
        else {
            tally.refusals.rate.increment()
            throw .rate
        }
    }

    // MARK: Members

    /// - Returns: false where the replica is about to stop.
    func add(_ session: Session) -> Bool {
        session.slot = Int32(all.count)
        all.append(session)
        counts[Int(session.dialect.rawValue)] += 1
        if let address = session.address { addresses[address, default: Address()].sessions += 1 }
        if session.dialect == .hub { pulses[Int(second) % pulses.count].append(session) }
        return !isDraining
    }

    func remove(_ session: Session, _ code: WebSocketCloseCode) {
        let slot = Int(session.slot)
        guard slot >= 0 else { return }
        session.slot = -1
        let last = all.removeLast()
        if slot < all.count {
            all[slot] = last
            last.slot = Int32(slot)
        }
        counts[Int(session.dialect.rawValue)] -= 1
        if let address = session.address { addresses[address]?.sessions -= 1 }
        tally.closed(code)
        if all.isEmpty { forgetAll() }
    }

    /// Nobody is here of whom anything could still be expected.
    private func forgetAll() {
        greeting = []
        joining = []
        for index in pulses.indices { pulses[index] = [] }
    }

    func expectGreeting(of session: Session) {
        greeting.append((session, Loop.now + limits.greeting))
    }

    func expectMailbox(of session: Session) {
        joining.append((session, Loop.now + limits.joining))
    }

    /// A session will end at this time, in seconds since 1970, unless it is refreshed.
    func expires(at time: Int) { soonestExpiry = min(soonestExpiry, time) }

    // MARK: Time

    /// Once a second.
    func tick(_ wallSeconds: Int = WallClock.seconds()) {
        second &+= 1
        audiences.tick()
        for session in Self.takeDue(&greeting) where session.phase == .greeting {
            session.end(.lateToken, "no token in time")
        }
        for (session, deadline) in joining.reversed() {
            // Those before were looked at by an earlier tick.
            guard deadline > Loop.now + limits.joining - .seconds(3) else { break }
            session.welcomeIsLate()
        }
        for session in Self.takeDue(&joining) where session.phase == .joining {
            session.end(.tryAgainLater, "the mailbox cannot be reached")
        }
        if wallSeconds >= soonestExpiry { endExpired(wallSeconds) }
        pulse()
        if second % 10 == 0 {
            addresses = addresses.filter {
                $0.value.sessions > 0 || !$0.value.handshakes.isFull(now: Loop.now)
            }
        }
    }

    private static func takeDue(_ queue: inout [(session: Session, deadline: Instant)]) -> [Session] {
        let due = queue.prefix { $0.deadline <= Loop.now }.map(\.session)
        queue.removeFirst(due.count)
        return due
    }

    private func endExpired(_ now: Int) {
        soonestExpiry = .max
        for session in all where session.isHere && session.expiresAt > 0 {
            if session.expiresAt <= now {
                session.end(.unauthenticated, "token expired")
            } else {
                soonestExpiry = min(soonestExpiry, session.expiresAt)
            }
        }
    }

    /// Hub clients give a server up that says nothing for 30 s; and so do we with a client.
    private func pulse() {
        let index = Int(second) % pulses.count
        pulses[index].removeAll { !$0.isHere }
        for session in pulses[index] {
            if second &- session.heardAt > UInt32(limits.hubSilence) {
                session.end(.goingAway, "nothing heard from the client")
            } else if session.phase == .live {
                session.send(.pulse)
            }
        }
    }

    // MARK: The end

    /// Tells every session that the replica stops, and when to come back, each at another time; then closes
    /// them in paced batches.
    func beginFarewell() {
        guard !isDraining else { return }
        isDraining = true
        log.info("sessions.draining", ["sessions": all.count])
        chores.begin { [self] in await bidFarewell() }
    }

    private func bidFarewell() async {
        let pause = Duration.milliseconds(50)
        let spread = all.count <= 100 ? pause : limits.farewell
        for session in all {
            session.send(.draining(retryAfter: .milliseconds(100) + (spread + .milliseconds(400)).jittered))
        }
        let batch = max(100, all.count * Int(pause.nanoseconds) / Int(spread.nanoseconds) + 1)
        while !all.isEmpty {
            try? await Loop.sleep(for: pause)
            // From the end: those that end leave the list at once or soon, and the rest keep their places.
            let remaining = all.filter(\.isHere)
            if remaining.isEmpty { return }
            for session in remaining.suffix(batch) { session.end(.goingAway, "draining") }
        }
    }
}
