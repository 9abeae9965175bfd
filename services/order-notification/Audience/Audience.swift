import EventLoop
import Observability
import Orders
import WorkflowState

/// One user on this replica: brings the mailbox's updates to each of the user's sessions, exactly once and in
/// order, whatever the order in which wake-ups and histories arrive.
///
/// It does no I/O. ``wantsRead`` says that the mailbox must be read; then ``beginRead(blank:)`` and, with
/// the answer, ``finishRead(_:)`` or ``failRead()``.
@Loop
final class Audience {
    enum State: UInt8, Sendable {
        /// Wake-ups may not arrive yet.
        case deaf
        /// Something may have been missed: nothing is delivered until the mailbox has been read.
        case behind
        /// Every wake-up that follows ``position`` is delivered as it comes.
        case live
    }

    /// Wake-ups that are kept while a read is under way; beyond, another read finds them.
    static let logLimit = 256

    let user: UserID
    private(set) var state = State.deaf
    /// Everything up to here was given to the live sessions.
    private(set) var position: MailboxPosition?
    /// Whether a read is wanted, beside any that is under way.
    private(set) var wantsRead = false
    private(set) var attendance = 0
    private var live: [Session] = []
    private var waiting: [Waiting] = []
    private var reading: Reading?
    private let tally: Tally

    /// Places in the registry's lists.
    var slot = -1
    var isQueued = false
    /// When the last session left.
    var emptySince: Instant?

    private struct Waiting {
        let session: Session
        var start: Start
        var isWelcome = false
        /// Offsets that the session was given before it asked to resume.
        var seen: Range<Int64>?
    }

    private struct Reading {
        var waiting: [Waiting]
        /// Wake-ups since the read began.
        var log: [Outgoing] = []
        /// Something came that the log does not hold, and perhaps not the read's answer either.
        var isOverrun = false
    }

    init(_ user: UserID, _ tally: Tally) {
        self.user = user
        self.tally = tally
    }

    var isEmpty: Bool { attendance == 0 }
    var isReading: Bool { reading != nil }
    var sessions: [Session] { live + waiting.map(\.session) + (reading?.waiting.map(\.session) ?? []) }

    // MARK: Sessions

    func join(_ session: Session, from start: Start) {
        attendance += 1
        if state == .live, let position {
            switch start {
            case .now: return admit(session, at: position)
            case .after(position), .lost:
                admit(session, at: position)
                return session.resumed(recovered: start != .lost, count: 0)
            case .after: break
            }
        }
        wait(Waiting(session: session, start: start))
    }

    /// A session that is here asks for what followed a position.
    ///
    /// - Returns: false while an earlier wish is being fulfilled.
    func resume(_ session: Session, from start: Start) -> Bool {
        guard let index = live.firstIndex(where: { $0 === session }), let position else { return false }
        if start == .after(position), session.since == position.offset {
            session.resumed(recovered: true, count: 0)
            return true
        }
        live.remove(at: index)
        let seen = session.since + 1..<max(position.offset, session.since) + 1
        wait(Waiting(session: session, start: start, isWelcome: true, seen: seen))
        return true
    }

    func leave(_ session: Session) {
        attendance -= 1
        if let index = live.firstIndex(where: { $0 === session }) {
            live.remove(at: index)
        } else {
            waiting.removeAll { $0.session === session }
        }
    }

    private func wait(_ waiting: Waiting) {
        self.waiting.append(waiting)
        if state != .deaf { wantsRead = true }
    }

    private func admit(_ session: Session, at position: MailboxPosition) {
        live.append(session)
        session.welcome(at: position)
    }

    // MARK: Wake-ups

    /// Every wake-up will arrive from now on; what came before may be lost.
    func listens() {
        state = .behind
        wantsRead = true
        reading?.isOverrun = true
    }

    func wake(_ message: ChannelMessage) {
        guard state != .deaf, let epoch = position?.epoch else {
            reading?.isOverrun = true
            return
        }
        take(Outgoing(message, epoch))
    }

    private func take(_ outgoing: Outgoing) {
        guard let offset = outgoing.offset else {
            if state == .live { deliver(outgoing) }
            return
        }
        guard let position, offset > position.offset else { return }
        if state == .live, outgoing.previous > position.offset {
            tally.gaps.increment()
            state = .behind
            wantsRead = true
        }
        if state == .live, let reading, !reading.waiting.isEmpty, reading.log.count >= Self.logLimit {
            state = .behind
        }
        guard state == .live else { return keep(outgoing) }
        deliver(outgoing)
        self.position = MailboxPosition(epoch: position.epoch, offset: offset)
        if reading?.waiting.isEmpty == false { keep(outgoing) }
    }

    private func keep(_ outgoing: Outgoing) {
        guard let count = reading?.log.count else { return }
        if count < Self.logLimit {
            reading?.log.append(outgoing)
        } else {
            reading?.isOverrun = true
        }
    }

    private func deliver(_ outgoing: Outgoing) {
        if !live.isEmpty { tally.told(outgoing.update) }
        for session in live { session.push(outgoing) }
    }

    // MARK: Reads

    /// Asks for a look at the mailbox although nothing seems to be missing.
    func check() { if state == .live, reading == nil { wantsRead = true } }

    /// - Parameter blank: a position after which there is nothing.
    /// - Returns: what to ask the mailbox, in one go.
    func beginRead(blank: MailboxPosition) -> [HistoryRequest] {
        precondition(reading == nil, "one read at a time")
        wantsRead = false
        reading = Reading(waiting: waiting)
        waiting = []
        var requests = [HistoryRequest(user, after: position ?? blank)]
        for waiting in reading?.waiting ?? [] {
            if case .after(let start) = waiting.start {
                requests.append(HistoryRequest(user, after: start))
            }
        }
        return requests
    }

    /// - Parameter histories: one for each request, of one moment.
    func finishRead(_ histories: ArraySlice<History>) {
        guard let read = reading, let own = histories.first else { return }
        reading = nil
        catchUp(own)
        var rest = histories.dropFirst()
        for waiting in read.waiting {
            var history: History?
            if case .after = waiting.start { history = rest.popFirst() }
            guard waiting.session.isHere else { continue }
            bring(waiting, history, end: own.end, read.log)
        }
        state = read.isOverrun ? .behind : .live
        if !read.isOverrun { for outgoing in read.log { take(outgoing) } }
        wantsRead = wantsRead || state == .behind || !waiting.isEmpty
    }

    func failRead() {
        guard let read = reading else { return }
        reading = nil
        if !read.log.isEmpty || read.isOverrun { state = .behind }
        waiting = read.waiting.filter { $0.session.isHere } + waiting
        wantsRead = true
    }

    /// Brings the live sessions to the end of the mailbox.
    private func catchUp(_ own: History) {
        let epoch = position.flatMap { $0.epoch == own.end.epoch ? $0.epoch : nil } ?? own.end.epoch
        guard let known = position else {
            position = MailboxPosition(epoch: epoch, offset: own.end.offset)
            return
        }
        var reached = known.offset
        var count = 0
        for entry in own.entries where entry.offset > reached {
            deliver(Outgoing(entry, epoch))
            reached = entry.offset
            count += 1
        }
        if count > 0 { tally.replays.increment(by: UInt64(count * live.count)) }
        if !own.isRecovered {
            for session in live { session.resumed(recovered: false, count: count) }
        }
        position = MailboxPosition(epoch: epoch, offset: max(reached, own.end.offset))
    }

    /// Brings a session that waited to where the live ones are.
    private func bring(_ waiting: Waiting, _ history: History?, end: MailboxPosition, _ log: [Outgoing]) {
        guard let position else { return }
        let session = waiting.session
        let end = MailboxPosition(epoch: position.epoch, offset: end.offset)
        if let history, case .after(let start) = waiting.start {
            if !waiting.isWelcome { session.welcome(at: history.isRecovered ? start : end) }
            var count = 0
            for entry in history.entries where waiting.seen?.contains(entry.offset) != true {
                session.push(Outgoing(entry, end.epoch))
                count += 1
            }
            session.since = min(session.since, start.offset)
            tally.replays.increment(by: UInt64(count))
            session.resumed(recovered: history.isRecovered, count: count)
        } else {
            if !waiting.isWelcome { session.welcome(at: end) }
            if waiting.start == .lost { session.resumed(recovered: false, count: 0) }
        }
        for outgoing in log {
            guard let offset = outgoing.offset, offset > end.offset, offset <= position.offset else {
                continue
            }
            if waiting.seen?.contains(offset) != true { session.push(outgoing) }
        }
        live.append(session)
    }
}
