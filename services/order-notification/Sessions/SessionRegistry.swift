import EventLoop
import HTTP
import Identity
import Observability
import OrderRecords
import Service
import WorkflowState

/// The sessions of this replica, with their deadlines, expiries and counts by address.
@Loop
final class SessionRegistry: Service {
    let replica: String
    let limits: SessionLimits
    let subscriptions: SubscriptionRegistry
    let workflows: any WorkflowStore
    let owners: any OrderOwners
    let authenticator: Authenticator
    let metrics: NotificationMetrics
    let tracer: Tracer?
    let log: Logger
    let tasks: TaskTracker
    /// Seconds by which a token may be past its expiry.
    let leeway: Int
    /// Shared by all WebSockets.
    let webSocket: WebSocket.Configuration

    /// Counts ticks, which come once a second.
    private(set) var second: UInt32 = 0
    private(set) var all: [Session] = []
    private(set) var counts = [Int](repeating: 0, count: WireProtocol.allCases.count)

    /// A random delay before a client fetches what it may have missed: two milliseconds a session, at most ten seconds.
    /// Nil for a few sessions.
    var fetchDelay: Duration? {
        let total = counts.reduce(0, +)
        return total < 50 ? nil : min(Duration.seconds(10), .milliseconds(2 * total)).jittered
    }
    private(set) var isDraining = false
    private var soonestExpiry = Int.max
    private var handshaking: [(session: Session, deadline: Instant)] = []
    private var subscribing: [(session: Session, deadline: Instant)] = []
    /// The hub's sessions, by the tick of their keep-alive.
    private var keepAliveSlots: [[Session]]
    private var addresses: [IPAddress: Address] = [:]
    private var handshakes = RateLimiter()

    private struct Address {
        var sessions = 0
        var handshakes = RateLimiter()
    }

    init(
        replica: String, limits: SessionLimits = SessionLimits(), subscriptions: SubscriptionRegistry,
        workflows: any WorkflowStore, owners: any OrderOwners,
        authenticator: Authenticator, metrics: NotificationMetrics, tracer: Tracer? = nil, log: Logger,
        tasks: TaskTracker,
        leeway: Int = 30
    ) {
        self.replica = replica
        self.limits = limits
        self.subscriptions = subscriptions
        self.workflows = workflows
        self.owners = owners
        self.authenticator = authenticator
        self.metrics = metrics
        self.tracer = tracer
        self.log = log
        self.tasks = tasks
        self.leeway = leeway
        webSocket = limits.webSocket
        keepAliveSlots = Array(repeating: [], count: limits.keepAlive)
        authenticator.onWithdrawal.append { [weak self] in self?.endUntrusted() }
    }

    /// Bytes that clients have not read.
    var pendingOutput: Int { all.reduce(0) { $0 + $1.pendingOutput } }

    // MARK: Handshakes

    enum AdmissionError: Error, Sendable {
        /// Too many handshakes, of the replica or the address.
        case rate
        /// The address has reached its limit of sessions.
        case address
        case draining
    }

    /// Admits a handshake.
    ///
    /// - Parameter address: nil for an exempt one.
    func admit(_ address: IPAddress?) throws(AdmissionError) {
        if isDraining { throw .draining }
        guard handshakes.take(limits.handshakes, now: Loop.now) else {
            metrics.refusals.rate.increment()
            throw .rate
        }
        guard let address else { return }
        guard addresses[address, default: Address()].sessions < limits.sessionsPerAddress else {
            metrics.refusals.address.increment()
            throw .address
        }
        guard
            addresses[address, default: Address()].handshakes.take(
                limits.handshakesPerAddress, now: Loop.now)
        else {
            metrics.refusals.rate.increment()
            throw .rate
        }
    }

    // MARK: Sessions

    /// - Returns: false when the replica is draining.
    func add(_ session: Session) -> Bool {
        session.slot = Int32(all.count)
        all.append(session)
        counts[Int(session.wireProtocol.rawValue)] += 1
        if let address = session.address { addresses[address, default: Address()].sessions += 1 }
        if session.wireProtocol == .signalR {
            keepAliveSlots[Int(second) % keepAliveSlots.count].append(session)
        }
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
        counts[Int(session.wireProtocol.rawValue)] -= 1
        if let address = session.address { addresses[address]?.sessions -= 1 }
        metrics.closed(code)
        if all.isEmpty { clearDeadlines() }
    }

    /// Drops deadlines when there are no sessions, whose entries would keep them alive.
    private func clearDeadlines() {
        handshaking = []
        subscribing = []
        for index in keepAliveSlots.indices { keepAliveSlots[index] = [] }
    }

    func expectHandshake(of session: Session) {
        handshaking.append((session, Loop.now + limits.handshaking))
    }

    func expectMailbox(of session: Session) {
        subscribing.append((session, Loop.now + limits.subscribing))
    }

    /// Notes that a session expires at `time`, in seconds since 1970.
    func expires(at time: Int) { soonestExpiry = min(soonestExpiry, time) }

    // MARK: Time

    func run() async throws {
        while true {
            try await Loop.sleep(for: .seconds(1))
            tick()
        }
    }

    func drain(until deadline: Instant) async { await tasks.cancel() }

    /// Once a second.
    func tick(_ wallSeconds: Int = WallClock.seconds()) {
        second &+= 1
        subscriptions.tick()
        for session in Self.takeDue(&handshaking) {
            guard case .handshaking(let handshake) = session.phase else { continue }
            if handshake.isLate {
                session.end(.tryAgainLater, "try again")
            } else if handshake.isAuthenticating {
                handshake.isLate = true
                expectHandshake(of: session)
            } else {
                let missing = session.wireProtocol == .signalR ? "handshake" : "token"
                session.end(.authenticationTimeout, "no \(missing) in time")
            }
        }
        for (session, deadline) in subscribing.reversed() {
            // Earlier entries were handled by an earlier tick.
            guard deadline > Loop.now + limits.subscribing - .seconds(3) else { break }
            session.releaseHeldOutput()
        }
        for session in Self.takeDue(&subscribing) where session.isSubscribing {
            session.end(.tryAgainLater, "the mailbox cannot be reached")
        }
        if wallSeconds >= soonestExpiry { endExpired(wallSeconds) }
        keepAlive()
        if second % 10 == 0 {
            addresses = addresses.filter {
                $0.value.sessions > 0 || !$0.value.handshakes.isIdle(now: Loop.now)
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
        for session in all where session.isOpen && session.expiresAt > 0 {
            // A new token that came in time counts, even when the issuer's keys have to be fetched first.
            let end = session.isRefreshing ? session.expiresAt + limits.refreshGrace : session.expiresAt
            if end <= now {
                session.end(.unauthenticated, "token expired")
            } else {
                soonestExpiry = min(soonestExpiry, max(session.expiresAt, now + 1))
            }
        }
    }

    /// Ends the sessions whose token's key the issuer has withdrawn: it may be known to others.
    private func endUntrusted() {
        for session in all where session.isOpen {
            guard let tag = session.keyTag, !authenticator.trusts(tag) else { continue }
            session.end(.unauthenticated, "token refused")
        }
    }

    /// Sends keep-alives to hub clients, and ends those that time out.
    private func keepAlive() {
        let index = Int(second) % keepAliveSlots.count
        keepAliveSlots[index].removeAll { !$0.isOpen }
        for session in keepAliveSlots[index] {
            if second &- session.heardAt > UInt32(limits.clientTimeout) {
                session.end(.goingAway, "nothing heard from the client")
            } else if session.isLive {
                session.send(.keepAlive)
            }
        }
    }

    // MARK: The end

    /// Sends every session a `draining` message with a jittered retry hint, then closes them in paced batches.
    func beginDrain() {
        guard !isDraining else { return }
        isDraining = true
        log.info("session.drain_started", ["sessions": all.count])
        tasks.start { [self] in await closeInBatches() }
    }

    private func closeInBatches() async {
        let pause = Duration.milliseconds(50)
        let spread = all.count <= 100 ? pause : limits.drainTime
        for session in all {
            session.send(.draining(retryAfter: .milliseconds(100) + (spread + .milliseconds(400)).jittered))
        }
        let batch = max(100, all.count * Int(pause.nanoseconds) / Int(spread.nanoseconds) + 1)
        while !all.isEmpty {
            try? await Loop.sleep(for: pause)
            // From the end, so that the sessions before keep their slots.
            let remaining = all.filter(\.isOpen)
            if remaining.isEmpty { return }
            for session in remaining.suffix(batch) { session.end(.goingAway, "draining") }
        }
    }
}
