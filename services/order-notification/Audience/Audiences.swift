import EventLoop
import Observability
import Orders
import WorkflowState

/// The users whom this replica serves: listens for each while a session is here, and reads mailboxes for all
/// of them, many in one round trip.
@Loop
final class Audiences {
    struct Policy: Sendable {
        var sessionsPerUser = 20
        /// How long a user stays subscribed to after the last session has gone: reloads and reconnects are short.
        var departure = Duration.seconds(5)
        /// Within this time every live user's mailbox is looked at, so that a lost wake-up is found.
        var checkInterval = Duration.seconds(5)
        /// Users in one read.
        var batch = 64
        /// Whether updates that are in no mailbox (PROCESSING) are passed on.
        var deliversEphemeral = true
    }

    private let mailboxes: any MailboxStore
    private let channels: any UserChannels
    private let policy: Policy
    private let tally: Tally
    private let log: Logger
    private let chores: Chores

    private var byUser: [UserID: Audience] = [:]
    private var all: [Audience] = []
    /// Whose mailbox is to be read next.
    private var queue: [Audience] = []
    private var isReading = false
    /// Those who were found empty, and when.
    private var departing: [(audience: Audience, since: Instant)] = []
    /// Whose channel could not be had.
    private var refused: [Audience] = []
    private var nextCheck = 0
    /// The server that holds the mailboxes, where that may change.
    private var holder: String?
    private var isNotingHolder = false
    /// Nothing follows it.
    private let blank = MailboxPosition(epoch: .random(), offset: MailboxPosition.largest)

    init(
        mailboxes: any MailboxStore, channels: any UserChannels, policy: Policy = Policy(), tally: Tally,
        log: Logger, chores: Chores
    ) {
        self.mailboxes = mailboxes
        self.channels = channels
        self.policy = policy
        self.tally = tally
        self.log = log
        self.chores = chores
        channels.onMessage = { [weak self] user, message in self?.received(message, for: user) }
        channels.onRestored = { [weak self] users in self?.restored(users) }
    }

    /// Users who are listened for.
    var count: Int { all.count }

    // MARK: Sessions

    /// Makes the session one of the user's.
    ///
    /// - Returns: false where the user has as many sessions as one may have.
    func join(_ session: Session, _ user: UserID, from start: Start) -> Bool {
        let audience = byUser[user] ?? open(user)
        guard audience.attendance < policy.sessionsPerUser else { return false }
        session.audience = audience
        audience.join(session, from: start)
        enqueue(audience)
        return true
    }

    func resume(_ session: Session, in audience: Audience, from start: Start) -> Bool {
        defer { enqueue(audience) }
        return audience.resume(session, from: start)
    }

    func leave(_ session: Session, _ audience: Audience) {
        audience.leave(session)
        guard audience.isEmpty else { return }
        audience.emptySince = Loop.now
        departing.append((audience, Loop.now))
    }

    /// Users with sessions.
    var roster: some Sequence<Audience> { all.lazy.filter { !$0.isEmpty } }

    private func open(_ user: UserID) -> Audience {
        let audience = Audience(user, tally)
        byUser[user] = audience
        audience.slot = all.count
        all.append(audience)
        listen(audience)
        return audience
    }

    private func close(_ audience: Audience) {
        byUser[audience.user] = nil
        let last = all.removeLast()
        if last !== audience {
            all[audience.slot] = last
            last.slot = audience.slot
        }
        audience.slot = -1
        channels.stopListening(for: audience.user)
    }

    // MARK: Channels

    private func listen(_ audience: Audience) {
        chores.begin { [self] in
            do throws(WorkflowStateError) {
                try await channels.listen(for: audience.user)
            } catch {
                if audience.slot >= 0, audience.state == .deaf { refused.append(audience) }
                return
            }
            guard audience.slot >= 0, audience.state == .deaf else { return }
            audience.listens()
            enqueue(audience)
        }
    }

    private func received(_ message: ChannelMessage, for user: UserID) {
        guard let audience = byUser[user] else { return }
        if message.offset == nil, !policy.deliversEphemeral { return }
        audience.wake(message)
        enqueue(audience)
    }

    private func restored(_ users: [UserID]) {
        log.info("channels.restored", ["users": users.count])
        for user in users {
            guard let audience = byUser[user] else { continue }
            audience.listens()
            enqueue(audience)
        }
    }

    // MARK: Mailboxes

    private func enqueue(_ audience: Audience) {
        guard audience.wantsRead, !audience.isReading, !audience.isQueued, audience.slot >= 0 else { return }
        audience.isQueued = true
        queue.append(audience)
        guard !isReading else { return }
        isReading = true
        chores.begin { [self] in
            await readAll()
            isReading = false
        }
    }

    private func readAll() async {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while !queue.isEmpty {
            let count = min(policy.batch, queue.count)
            let batch = Array(queue[..<count])
            queue.removeFirst(count)
            if await read(batch) {
                backoff.reset()
            } else if (try? await Loop.sleep(for: backoff.next())) == nil {
                return
            }
        }
    }

    /// - Returns: false where the mailboxes could not be read; they are queued again.
    private func read(_ batch: [Audience]) async -> Bool {
        let requests = batch.map { audience in
            audience.isQueued = false
            return audience.beginRead(blank: blank)
        }
        defer { for audience in batch { enqueue(audience) } }
        do throws(WorkflowStateError) {
            var histories = try await mailboxes.history(requests.flatMap { $0 })[...]
            for (audience, requests) in zip(batch, requests) {
                audience.finishRead(histories.prefix(requests.count))
                histories = histories.dropFirst(requests.count)
            }
            return true
        } catch {
            log.debug("mailboxes.unread", ["users": batch.count, "error": "\(error)"])
            for audience in batch { audience.failRead() }
            return false
        }
    }

    /// Says which server holds the mailboxes, where it may be another one than before. Whoever was served by
    /// the last one learns that positions in its mailboxes are worth nothing.
    func areHeld(by server: String) {
        holder = server
        guard !isNotingHolder else { return }
        isNotingHolder = true
        chores.begin { [self] in
            await noteHolder()
            isNotingHolder = false
        }
    }

    private func noteHolder() async {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        var noted: String?
        while let server = holder, server != noted {
            do throws(WorkflowStateError) {
                if try await mailboxes.held(by: server) {
                    log.warning("mailboxes.failed-over", ["to": server, "users": all.count])
                }
                noted = server
            } catch {
                if (try? await Loop.sleep(for: backoff.next())) == nil { return }
            }
        }
        for audience in all {
            audience.check()
            enqueue(audience)
        }
    }

    // MARK: Time

    /// Once a second: lets the departed go, tries refused channels again, and looks at a share of mailboxes.
    func tick() {
        let left = Loop.now - policy.departure
        let due = departing.prefix { $0.since <= left }.count
        // Who came back and left again is emptier for a shorter time, and stands in the list once more.
        for (audience, since) in departing[..<due]
        where audience.isEmpty && audience.emptySince == since && audience.slot >= 0 {
            close(audience)
        }
        departing.removeFirst(due)
        let refused = self.refused
        self.refused = []
        for audience in refused where audience.slot >= 0 && audience.state == .deaf { listen(audience) }
        checkSome()
    }

    private func checkSome() {
        let share = (all.count + policy.wholeSeconds - 1) / policy.wholeSeconds
        for _ in 0..<share {
            if nextCheck >= all.count { nextCheck = 0 }
            guard nextCheck < all.count else { return }
            all[nextCheck].check()
            enqueue(all[nextCheck])
            nextCheck += 1
        }
    }
}

extension Audiences.Policy {
    fileprivate var wholeSeconds: Int { max(1, Int(checkInterval.components.seconds)) }
}
