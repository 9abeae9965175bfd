import EventLoop
import Observability
import Orders
import WorkflowState

/// One user on this replica: sends the mailbox's updates to each of the user's sessions, exactly once and in order, in
/// whatever order channel messages and histories arrive.
///
/// Does no I/O. ``wantsRead`` says that the mailbox must be read: then ``beginRead(blank:)``, and with the result
/// ``finishRead(_:)`` or ``failRead()``.
@Loop
final class UserSubscription {
    enum State: Sendable, Equatable {
        /// The channel's subscription is not confirmed: messages may be missing.
        case subscribing
        /// Updates after the position may have been missed: none is delivered before the mailbox has been read.
        case recovering(MailboxPosition?)
        /// Updates up to the position were delivered to the live sessions; what follows is delivered as it arrives.
        case live(MailboxPosition)

        var position: MailboxPosition? {
            switch self {
            case .subscribing: nil
            case .recovering(let position): position
            case .live(let position): position
            }
        }

        var isLive: Bool { if case .live = self { true } else { false } }
    }

    /// A session that receives every update as it arrives.
    private struct LiveSession {
        let session: Session
        /// Updates after this offset were delivered to the session.
        let since: Int64
    }

    /// A session that waits for a read of the mailbox.
    private struct PendingSession {
        let session: Session
        let resumePoint: ResumePoint
        /// For a session that asked to resume while live: the offsets that it has received.
        var received: Range<Int64>?

        var isWelcomed: Bool { received != nil }
    }

    /// A read of the mailbox, with what happened since it began.
    private struct Read {
        var sessions: [PendingSession]
        /// Where the live sessions were when it began.
        let start: MailboxPosition?
        /// Updates that arrived since.
        var buffered: [EncodedPublication] = []
        /// Whether an update arrived that neither the buffer nor, perhaps, the result holds.
        var hasOverflowed = false
    }

    private enum ReadState {
        case idle
        case wanted
        case running(Read, isWantedAgain: Bool)
    }

    /// Updates that are buffered during a read; after more, another read follows.
    static let bufferLimit = 256

    let user: UserID
    private(set) var state = State.subscribing
    private(set) var sessionCount = 0
    private var live: [LiveSession] = []
    private var pending: [PendingSession] = []
    private var readState = ReadState.idle
    private var overtaken = OvertakenOutcomes()
    private let metrics: NotificationMetrics

    /// Places in the registry's lists.
    var slot = -1
    var isQueued = false
    /// When the last session left.
    var emptySince: Instant?
    init(_ user: UserID, _ metrics: NotificationMetrics) {
        self.user = user
        self.metrics = metrics
    }

    /// Updates up to here were delivered to the live sessions.
    var position: MailboxPosition? { state.position }
    var isEmpty: Bool { sessionCount == 0 }
    var isReading: Bool { if case .running = readState { true } else { false } }

    /// Whether a read is wanted, beside one that is running.
    var wantsRead: Bool {
        switch readState {
        case .idle: false
        case .wanted: true
        case .running(_, let isWantedAgain): isWantedAgain
        }
    }

    var sessions: [Session] {
        var sessions = live.map(\.session) + pending.map(\.session)
        if case .running(let read, _) = readState { sessions += read.sessions.map(\.session) }
        return sessions
    }

    // MARK: Sessions

    func join(_ session: Session, from start: ResumePoint) {
        sessionCount += 1
        guard case .live(let position) = state else {
            return wait(PendingSession(session: session, resumePoint: start))
        }
        switch start {
        case .latest: admit(session, at: position)
        case .after(position), .unrecoverable:
            admit(session, at: position)
            session.resumed(recovered: start != .unrecoverable, count: 0, at: position)
        case .after: wait(PendingSession(session: session, resumePoint: start))
        }
    }

    /// Replays to a live session what followed a position.
    ///
    /// - Returns: false while an earlier resume of the session is running.
    func resume(_ session: Session, from start: ResumePoint) -> Bool {
        guard let index = live.firstIndex(where: { $0.session === session }), let position else {
            return false
        }
        let since = live[index].since
        if start == .after(position), since == position.offset {
            session.resumed(recovered: true, count: 0, at: position)
            return true
        }
        live.remove(at: index)
        let received = since + 1..<max(position.offset, since) + 1
        wait(PendingSession(session: session, resumePoint: start, received: received))
        return true
    }

    func leave(_ session: Session) {
        sessionCount -= 1
        if let index = live.firstIndex(where: { $0.session === session }) {
            live.remove(at: index)
        } else {
            pending.removeAll { $0.session === session }
        }
    }

    private func wait(_ session: PendingSession) {
        pending.append(session)
        if state != .subscribing { wantRead() }
    }

    private func admit(_ session: Session, at position: MailboxPosition) {
        live.append(LiveSession(session: session, since: position.offset))
        session.welcome(at: position)
    }

    // MARK: Channel messages
    /// The channel delivers every message from now on; earlier ones may be lost.
    func subscribed() {
        // What was on its way is lost.
        overtaken = OvertakenOutcomes()
        state = .recovering(position)
        wantRead()
        updateRead { $0.hasOverflowed = true }
    }

    func receive(_ message: Publication) {
        guard let epoch = position?.epoch else { return updateRead { $0.hasOverflowed = true } }
        deliver(EncodedPublication(message, epoch))
    }

    private func deliver(_ publication: EncodedPublication) {
        guard let offset = publication.offset else {
            if state.isLive, !overtaken.contains(publication.update.correlationID) { pushToLive(publication) }
            return
        }
        overtaken.channelReached(offset)
        guard let position, offset > position.offset else { return }
        if state.isLive, publication.previous > position.offset {
            metrics.gaps.increment()
            state = .recovering(position)
            wantRead()
        }
        let isReplaying = if case .running(let read, _) = readState { !read.sessions.isEmpty } else { false }
        if state.isLive, isReplaying, bufferIsFull { state = .recovering(position) }
        guard state.isLive else { return buffer(publication) }
        pushToLive(publication)
        state = .live(MailboxPosition(epoch: position.epoch, offset: offset))
        if isReplaying { buffer(publication) }
    }

    private var bufferIsFull: Bool {
        if case .running(let read, _) = readState { read.buffered.count >= Self.bufferLimit } else { false }
    }

    private func buffer(_ publication: EncodedPublication) {
        updateRead { read in
            if read.buffered.count < Self.bufferLimit {
                read.buffered.append(publication)
            } else {
                read.hasOverflowed = true
            }
        }
    }

    private func pushToLive(_ publication: EncodedPublication) {
        if !live.isEmpty { metrics.recordDelivery(publication.update) }
        for entry in live { entry.session.push(publication) }
    }

    // MARK: Reads

    /// Asks for a read although no update seems to be missing.
    func check() {
        overtaken.grewOlder()
        if state.isLive, !isReading { wantRead() }
    }

    private func wantRead() {
        switch readState {
        case .idle, .wanted: readState = .wanted
        case .running(let read, _): readState = .running(read, isWantedAgain: true)
        }
    }

    private func updateRead(_ change: (inout Read) -> Void) {
        guard case .running(var read, let isWantedAgain) = readState else { return }
        // Moved out meanwhile, so that the buffer is not copied.
        readState = .idle
        change(&read)
        readState = .running(read, isWantedAgain: isWantedAgain)
    }

    /// - Parameter blank: a position after which there is nothing.
    /// - Returns: the requests to the mailbox, for one round trip.
    func beginRead(blank: MailboxPosition) -> [HistoryRequest] {
        precondition(!isReading, "one read at a time")
        var requests = [HistoryRequest(user, after: position ?? blank)]
        for session in pending {
            if case .after(let start) = session.resumePoint {
                requests.append(HistoryRequest(user, after: start))
            }
        }
        readState = .running(Read(sessions: pending, start: position), isWantedAgain: false)
        pending = []
        return requests
    }

    /// - Parameter histories: one for each request, of one moment.
    func finishRead(_ histories: ArraySlice<History>) {
        guard case .running(let read, let isWantedAgain) = readState, let own = histories.first else {
            return
        }
        readState = .idle
        for history in histories { overtaken.add(history.entries) }
        let position = catchUpLive(own, since: read.start)
        state = state.isLive ? .live(position) : .recovering(position)
        var rest = histories.dropFirst()
        for session in read.sessions {
            var history: History?
            if case .after = session.resumePoint { history = rest.popFirst() }
            guard session.session.isOpen else { continue }
            catchUp(session, history, end: own.end.offset, position, read.buffered)
        }
        state = read.hasOverflowed ? .recovering(position) : .live(position)
        if !read.hasOverflowed { for publication in read.buffered { deliver(publication) } }
        if isWantedAgain || !state.isLive || !pending.isEmpty { wantRead() }
    }

    func failRead() {
        guard case .running(let read, _) = readState else { return }
        readState = .wanted
        if !read.buffered.isEmpty || read.hasOverflowed { state = .recovering(position) }
        pending = read.sessions.filter { $0.session.isOpen } + pending
    }

    /// Advances the live sessions to the end of the mailbox, which is returned.
    ///
    /// - Parameter start: where they were when the read began. The mailbox cannot end before: a message that is none of a
    ///   delivery, or one from before the server's clock was set back, has led them past it.
    private func catchUpLive(_ own: History, since start: MailboxPosition?) -> MailboxPosition {
        guard let known = position else { return own.end }
        let epoch = own.end.epoch
        let isPastTheEnd = known == start && known.offset > own.end.offset
        if isPastTheEnd {
            metrics.gaps.increment()
            // What came meanwhile was taken for something old.
            wantRead()
            for entry in live { entry.session.resumed(recovered: false, count: 0, at: own.end) }
            return own.end
        }
        let missed = own.entries.filter { $0.offset.map { $0 > known.offset } == true }
        if known.epoch != epoch {
            // What is known to have been missed follows at once.
            let next = MailboxPosition(epoch: epoch, offset: missed.isEmpty ? own.end.offset : known.offset)
            for entry in live {
                entry.session.resumed(recovered: false, count: missed.count, at: next)
            }
        }
        for entry in missed { pushToLive(EncodedPublication(entry, epoch)) }
        if !missed.isEmpty { metrics.replays.increment(by: UInt64(missed.count * live.count)) }
        if known.epoch != epoch { return own.end }
        let end = MailboxPosition(epoch: epoch, offset: max(known.offset, own.end.offset))
        if !own.isRecovered {
            for entry in live { entry.session.resumed(recovered: false, count: missed.count, at: end) }
        }
        return end
    }

    /// Advances a pending session to where the live ones are.
    ///
    /// - Parameter end: the mailbox's last offset at the time of the read.
    private func catchUp(
        _ pending: PendingSession, _ history: History?, end: Int64, _ position: MailboxPosition,
        _ buffered: [EncodedPublication]
    ) {
        let session = pending.session
        let end = MailboxPosition(epoch: position.epoch, offset: end)
        var since = pending.received.map { $0.lowerBound - 1 } ?? end.offset
        if let history, case .after(let start) = pending.resumePoint {
            if !pending.isWelcomed { session.welcome(at: history.isRecovered ? start : end) }
            since = min(since, start.offset)
            var count = 0
            for entry in history.entries where start.epoch == end.epoch {
                if let offset = entry.offset, let received = pending.received, received.contains(offset) {
                    continue
                }
                session.push(EncodedPublication(entry, end.epoch))
                count += 1
            }
            metrics.replays.increment(by: UInt64(count))
            session.resumed(recovered: history.isRecovered, count: count, at: end)
        } else {
            if !pending.isWelcomed { session.welcome(at: end) }
            if pending.resumePoint == .unrecoverable { session.resumed(recovered: false, count: 0, at: end) }
        }
        for publication in buffered {
            guard let offset = publication.offset, offset > end.offset, offset <= position.offset,
                pending.received?.contains(offset) != true
            else { continue }
            session.push(publication)
        }
        live.append(LiveSession(session: session, since: since))
    }
}
