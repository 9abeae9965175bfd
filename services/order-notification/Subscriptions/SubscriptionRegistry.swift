import EventLoop
import Observability
import Orders
import WorkflowState

/// The subscriptions of this replica's users: subscribes to a user's channel while the user has sessions, and reads
/// mailboxes in batches.
@Loop
final class SubscriptionRegistry {
    struct Policy: Sendable {
        var sessionsPerUser = 20
        /// For how long a subscription outlives its last session, for reloads and reconnects.
        var unsubscribeDelay = Duration.seconds(5)
        /// Every live user's mailbox is read within this interval, in case a channel message was lost.
        var checkInterval = Duration.seconds(5)
        /// Users in one read.
        var batch = 64
        /// Whether ephemeral updates (PROCESSING) are delivered.
        var deliversEphemeral = true
    }

    private let mailboxes: any MailboxStore
    private let channels: any UserChannels
    private let policy: Policy
    private let metrics: NotificationMetrics
    private let log: Logger
    private let tasks: TaskTracker

    private var byUser: [UserID: UserSubscription] = [:]
    private var all: [UserSubscription] = []
    /// Subscriptions whose mailbox is to be read.
    private var queue: [UserSubscription] = []
    private var isReading = false
    /// Subscriptions without sessions, and since when.
    private var idle: [(subscription: UserSubscription, since: Instant)] = []
    /// Subscriptions whose channel could not be subscribed to.
    private var unsubscribed: [UserSubscription] = []
    /// Subscriptions whose mailbox was unavailable when others' were not.
    private var unread: [UserSubscription] = []
    private var nextCheck = 0
    /// A position without later entries.
    private let blank = MailboxPosition(epoch: .random(), offset: MailboxPosition.largest)

    init(
        mailboxes: any MailboxStore, channels: any UserChannels, policy: Policy = Policy(),
        metrics: NotificationMetrics,
        log: Logger, tasks: TaskTracker
    ) {
        self.mailboxes = mailboxes
        self.channels = channels
        self.policy = policy
        self.metrics = metrics
        self.log = log
        self.tasks = tasks
        channels.onMessage = { [weak self] user, message in self?.received(message, for: user) }
        channels.onRestored = { [weak self] users in self?.resubscribed(users) }
    }

    /// The number of subscriptions.
    var count: Int { all.count }

    // MARK: Sessions

    /// Adds a session to its user's subscription.
    ///
    /// - Returns: false when the user has reached the limit of sessions.
    func hasRoom(for user: UserID) -> Bool { (byUser[user]?.sessionCount ?? 0) < policy.sessionsPerUser }

    func join(_ session: Session, _ user: UserID, from start: ResumePoint) -> Bool {
        guard hasRoom(for: user) else { return false }
        let subscription = byUser[user] ?? open(user)
        session.subscribe(to: subscription)
        subscription.join(session, from: start)
        enqueue(subscription)
        return true
    }

    func resume(_ session: Session, in subscription: UserSubscription, from start: ResumePoint) -> Bool {
        defer { enqueue(subscription) }
        return subscription.resume(session, from: start)
    }

    func leave(_ session: Session, _ subscription: UserSubscription) {
        subscription.leave(session)
        guard subscription.isEmpty else { return }
        subscription.emptySince = Loop.now
        idle.append((subscription, Loop.now))
    }

    func sessions(of user: UserID) -> [Session] { byUser[user]?.sessions ?? [] }

    /// Users with sessions.
    var activeUsers: some Sequence<UserSubscription> { all.lazy.filter { !$0.isEmpty } }

    private func open(_ user: UserID) -> UserSubscription {
        let subscription = UserSubscription(user, metrics)
        byUser[user] = subscription
        subscription.slot = all.count
        all.append(subscription)
        listen(subscription)
        return subscription
    }

    private func close(_ subscription: UserSubscription) {
        byUser[subscription.user] = nil
        let last = all.removeLast()
        if last !== subscription {
            all[subscription.slot] = last
            last.slot = subscription.slot
        }
        subscription.slot = -1
        channels.stopListening(for: subscription.user)
    }

    // MARK: Channels

    private func listen(_ subscription: UserSubscription) {
        tasks.start { [self] in
            do throws(WorkflowStateError) {
                try await channels.listen(for: subscription.user)
            } catch {
                if subscription.slot >= 0, subscription.state == .subscribing {
                    unsubscribed.append(subscription)
                }
                return
            }
            guard subscription.slot >= 0, subscription.state == .subscribing else { return }
            subscription.subscribed()
            enqueue(subscription)
        }
    }

    private func received(_ message: Publication, for user: UserID) {
        guard let subscription = byUser[user] else { return }
        if message.offset == nil, !policy.deliversEphemeral { return }
        subscription.receive(message)
        enqueue(subscription)
    }

    private func resubscribed(_ users: [UserID]) {
        log.info("redis.resubscribed", ["users": users.count])
        for user in users {
            guard let subscription = byUser[user] else { continue }
            subscription.subscribed()
            enqueue(subscription)
        }
    }

    // MARK: Mailboxes

    private func enqueue(_ subscription: UserSubscription) {
        guard subscription.wantsRead, !subscription.isReading, !subscription.isQueued, subscription.slot >= 0
        else { return }
        subscription.isQueued = true
        queue.append(subscription)
        guard !isReading else { return }
        isReading = true
        tasks.start { [self] in
            await readAll()
            isReading = false
        }
    }

    private func readAll() async {
        while !queue.isEmpty, !Task.isCancelled {
            await Loop.retry(Backoff(base: .milliseconds(100), cap: .seconds(2))) { _ in
                let count = min(policy.batch, queue.count)
                let batch = Array(queue[..<count])
                queue.removeFirst(count)
                return await read(batch)
            }
        }
    }

    /// - Returns: false when the read failed; the subscriptions are queued again.
    private func read(_ batch: [UserSubscription]) async -> Bool {
        let requests = batch.map { subscription in
            subscription.isQueued = false
            return subscription.beginRead(blank: blank)
        }
        defer { for subscription in batch { enqueue(subscription) } }
        do throws(WorkflowStateError) {
            var histories = try await mailboxes.history(requests.flatMap { $0 })[...]
            for (subscription, requests) in zip(batch, requests) {
                subscription.finishRead(histories.prefix(requests.count))
                histories = histories.dropFirst(requests.count)
            }
            return true
        } catch {
            log.debug("mailbox.read_failed", ["users": batch.count, "error": "\(error)"])
            if mailboxes.isSharded {
                await readApart(Array(zip(batch, requests)))
                return true
            }
            for subscription in batch { subscription.failRead() }
            return false
        }
    }

    /// Those that fail are read again at the next ``tick()``, and delay nobody.
    private func readApart(_ reads: [(UserSubscription, [HistoryRequest])]) async {
        var tasks: [Task<Void, Never>] = []
        for (subscription, requests) in reads {
            tasks.append(Loop.task { [self] in await readAlone(subscription, requests) })
        }
        for task in tasks { await task.value }
    }

    private func readAlone(_ subscription: UserSubscription, _ requests: [HistoryRequest]) async {
        do throws(WorkflowStateError) {
            subscription.finishRead(try await mailboxes.history(requests)[...])
        } catch {
            subscription.failRead()
            // Not before.
            subscription.isQueued = true
            unread.append(subscription)
        }
    }

    // MARK: Time

    /// Once a second: closes idle subscriptions, retries failed ones, and reads a share of the mailboxes.
    func tick() {
        let left = Loop.now - policy.unsubscribeDelay
        let due = idle.prefix { $0.since <= left }.count
        // A user who returned and left again has a later entry.
        for (subscription, since) in idle[..<due]
        where subscription.isEmpty && subscription.emptySince == since && subscription.slot >= 0 {
            close(subscription)
        }
        idle.removeFirst(due)
        let refused = self.unsubscribed
        self.unsubscribed = []
        for subscription in refused where subscription.slot >= 0 && subscription.state == .subscribing {
            listen(subscription)
        }
        let late = unread
        unread = []
        for subscription in late {
            subscription.isQueued = false
            enqueue(subscription)
        }
        checkShare()
    }

    private func checkShare() {
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

extension SubscriptionRegistry.Policy {
    fileprivate var wholeSeconds: Int { max(1, Int(checkInterval.components.seconds)) }
}
