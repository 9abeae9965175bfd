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
final class UserSubscription {
    enum State: UInt8, Sendable {
        /// Wake-ups may not arrive yet.
        case subscribing
        /// Something may have been missed: nothing is delivered until the mailbox has been read.
        case recovering
        /// Every wake-up that follows ``position`` is delivered as it comes.
        case live
    }

    /// Wake-ups that are kept while a read is under way; beyond, another read finds them.
    static let bufferLimit = 256

    let user: UserID
    private(set) var state = State.subscribing
    /// Everything up to here was given to the live sessions.
    private(set) var position: MailboxPosition?
    /// Whether a read is wanted, beside any that is under way.
    private(set) var wantsRead = false
    private(set) var sessionCount = 0
    private var live: [Session] = []
    private var pending: [PendingSession] = []
    private var pendingRead: PendingRead?
    private let metrics: NotificationMetrics

    /// Places in the registry's lists.
    var slot = -1
    var isQueued = false
    /// When the last session left.
    var emptySince: Instant?

    private struct PendingSession {
        let session: Session
        var resumePoint: ResumePoint
        var isWelcomed = false
        /// Offsets that the session was given before it asked to resume.
        var received: Range<Int64>?
    }

    private struct PendingRead {
        var pending: [PendingSession]
        /// Wake-ups since the read began.
        var buffered: [Publication] = []
        /// Something came that the log does not hold, and perhaps not the read's answer either.
        var hasOverflowed = false
    }

    init(_ user: UserID, _ metrics: NotificationMetrics) {
        self.user = user
        self.metrics = metrics
    }

    var isEmpty: Bool { sessionCount == 0 }
    var isReading: Bool { pendingRead != nil }
    var sessions: [Session] { live + pending.map(\.session) + (pendingRead?.pending.map(\.session) ?? []) }

    // MARK: Sessions

    func join(_ session: Session, from start: ResumePoint) {
        sessionCount += 1
        if state == .live, let position {
            switch start {
            case .latest: return admit(session, at: position)
            case .after(position), .unrecoverable:
                admit(session, at: position)
                return session.resumed(recovered: start != .unrecoverable, count: 0)
            case .after: break
            }
        }
        wait(PendingSession(session: session, resumePoint: start))
    }

    /// A session that is here asks for what followed a position.
    ///
    /// - Returns: false while an earlier wish is being fulfilled.
    func resume(_ session: Session, from start: ResumePoint) -> Bool {
        guard let index = live.firstIndex(where: { $0 === session }), let position else { return false }
        if start == .after(position), session.since == position.offset {
            session.resumed(recovered: true, count: 0)
            return true
        }
        live.remove(at: index)
        let seen = session.since + 1..<max(position.offset, session.since) + 1
        wait(PendingSession(session: session, resumePoint: start, isWelcomed: true, received: seen))
        return true
    }

    func leave(_ session: Session) {
        sessionCount -= 1
        if let index = live.firstIndex(where: { $0 === session }) {
            live.remove(at: index)
        } else {
            pending.removeAll { $0.session === session }
        }
    }

    private func wait(_ waiting: PendingSession) {
        self.pending.append(waiting)
        if state != .subscribing { wantsRead = true }
    }

    private func admit(_ session: Session, at position: MailboxPosition) {
        live.append(session)
        session.welcome(at: position)
    }

    // MARK: Wake-ups

    /// Every wake-up will arrive from now on; what came before may be lost.
    func subscribed() {
        state = .recovering
        wantsRead = true
        pendingRead?.hasOverflowed = true
    }

    func receive(_ message: ChannelMessage) {
        guard state != .subscribing, let epoch = position?.epoch else {
            pendingRead?.hasOverflowed = true
            return
        }
        deliver(Publication(message, epoch))
    }

    private func deliver(_ publication: Publication) {
        guard let offset = publication.offset else {
            if state == .live { pushToLive(publication) }
            return
        }
        guard let position, offset > position.offset else { return }
        if state == .live, publication.previous > position.offset {
            metrics.gaps.increment()
            state = .recovering
            wantsRead = true
        }
        if state == .live, let pendingRead, !pendingRead.pending.isEmpty,
            pendingRead.buffered.count >= Self.bufferLimit
        {
            state = .recovering
        }
        guard state == .live else { return keep(publication) }
        pushToLive(publication)
        self.position = MailboxPosition(epoch: position.epoch, offset: offset)
        if pendingRead?.pending.isEmpty == false { keep(publication) }
    }

    private func keep(_ publication: Publication) {
        guard let count = pendingRead?.buffered.count else { return }
        if count < Self.bufferLimit {
            pendingRead?.buffered.append(publication)
        } else {
            pendingRead?.hasOverflowed = true
        }
    }

    private func pushToLive(_ publication: Publication) {
        if !live.isEmpty { metrics.recordDelivery(publication.update) }
        for session in live { session.push(publication) }
    }

    // MARK: Reads

    /// Asks for a look at the mailbox although nothing seems to be missing.
    func check() { if state == .live, pendingRead == nil { wantsRead = true } }

    /// - Parameter blank: a position after which there is nothing.
    /// - Returns: what to ask the mailbox, in one go.
    func beginRead(blank: MailboxPosition) -> [HistoryRequest] {
        precondition(pendingRead == nil, "one read at a time")
        wantsRead = false
        pendingRead = PendingRead(pending: pending)
        pending = []
        var requests = [HistoryRequest(user, after: position ?? blank)]
        for waiting in pendingRead?.pending ?? [] {
            if case .after(let start) = waiting.resumePoint {
                requests.append(HistoryRequest(user, after: start))
            }
        }
        return requests
    }

    /// - Parameter histories: one for each request, of one moment.
    func finishRead(_ histories: ArraySlice<History>) {
        guard let read = pendingRead, let own = histories.first else { return }
        pendingRead = nil
        catchUp(own)
        var rest = histories.dropFirst()
        for waiting in read.pending {
            var history: History?
            if case .after = waiting.resumePoint { history = rest.popFirst() }
            guard waiting.session.isOpen else { continue }
            catchUp(waiting, history, end: own.end, read.buffered)
        }
        state = read.hasOverflowed ? .recovering : .live
        if !read.hasOverflowed { for publication in read.buffered { deliver(publication) } }
        wantsRead = wantsRead || state == .recovering || !pending.isEmpty
    }

    func failRead() {
        guard let read = pendingRead else { return }
        pendingRead = nil
        if !read.buffered.isEmpty || read.hasOverflowed { state = .recovering }
        pending = read.pending.filter { $0.session.isOpen } + pending
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
            pushToLive(Publication(entry, epoch))
            reached = entry.offset
            count += 1
        }
        if count > 0 { metrics.replays.increment(by: UInt64(count * live.count)) }
        if !own.isRecovered {
            for session in live { session.resumed(recovered: false, count: count) }
        }
        position = MailboxPosition(epoch: epoch, offset: max(reached, own.end.offset))
    }

    /// Brings a session that waited to where the live ones are.
    private func catchUp(
        _ waiting: PendingSession, _ history: History?, end: MailboxPosition, _ log: [Publication]
    ) {
        guard let position else { return }
        let session = waiting.session
        let end = MailboxPosition(epoch: position.epoch, offset: end.offset)
        if let history, case .after(let start) = waiting.resumePoint {
            if !waiting.isWelcomed { session.welcome(at: history.isRecovered ? start : end) }
            var count = 0
            for entry in history.entries where waiting.received?.contains(entry.offset) != true {
                session.push(Publication(entry, end.epoch))
                count += 1
            }
            session.since = min(session.since, start.offset)
            metrics.replays.increment(by: UInt64(count))
            session.resumed(recovered: history.isRecovered, count: count)
        } else {
            if !waiting.isWelcomed { session.welcome(at: end) }
            if waiting.resumePoint == .unrecoverable { session.resumed(recovered: false, count: 0) }
        }
        for publication in log {
            guard let offset = publication.offset, offset > end.offset, offset <= position.offset else {
                continue
            }
            if waiting.received?.contains(offset) != true { session.push(publication) }
        }
        live.append(session)
    }
}
