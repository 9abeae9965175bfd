package import EventLoop

/// Publishes with confirms: a call returns when every queue the message is routed to has stored it, and
/// throws otherwise. A message is sent again only when it is certainly not stored: after a nack, and when it was returned
/// because the topology was gone, which is declared again then.
///
/// Retry `AMQPError.isOutcomeUnknown` only with the same message id.
@Loop
package final class AMQPPublisher {
    private let client: AMQPClient
    private let nackLimit: Int
    private let connectionTimeout: Duration
    private var channel: AMQPChannel?
    private var window: ConfirmWindow<PendingPublish>
    private var progress = ConfirmProgress()
    /// Waiting for a connection.
    private var backlog = Deque<PendingPublish>()
    /// Waiting to be sent again after a nack.
    private var retryQueue: [(at: Instant, publication: PendingPublish)] = []
    private var timer: Timer?
    private var timerDeadline: Instant?
    private var isEnded = false
    private var lastFailure = AMQPError(.notConnected)

    /// - Parameters:
    ///   - window: how many messages may be unconfirmed; more fail with `.overloaded`.
    ///   - nackLimit: how often a message is sent again after a nack, with jittered, growing delays.
    ///   - connectionTimeout: how long a message waits for a connection before it fails with `.notConnected`.
    package init(
        _ client: AMQPClient, window: Int = 4096, nackLimit: Int = 6,
        connectionTimeout: Duration = .milliseconds(250)
    ) {
        self.client = client
        self.nackLimit = nackLimit
        self.connectionTimeout = connectionTimeout
        self.window = ConfirmWindow(limit: window)
        timer = Timer { [weak self] in self?.timerFired() }
        client.add(self)
    }

    /// Messages that the broker has not settled.
    package var unconfirmed: Int { window.outstanding + retryQueue.count + backlog.count }

    /// Publishes one message and waits for its confirm.
    /// - Parameter limit: after it the call fails with `.timeout`: the outcome is unknown. So it is when the task is
    ///   cancelled; the message goes on.
    package func publish(_ message: AMQPMessage, within limit: Duration = .seconds(2)) async throws(AMQPError)
    {
        let deadline = Loop.now + limit
        let failure = await Loop.suspend(orCancelled: AMQPError(.cancelled)) { continuation in
            submit(PendingPublish(message, deadline: deadline, .one(continuation)))
        }
        if let failure { throw failure }
    }

    /// Publishes messages in one write and waits for all; returns each message's failure, in order.
    package func publish(_ messages: [AMQPMessage], within limit: Duration = .seconds(2)) async
        -> [AMQPError?]
    {
        if messages.isEmpty { return [] }
        let deadline = Loop.now + limit
        let cancelled = messages.map { _ -> AMQPError? in AMQPError(.cancelled) }
        return await Loop.suspend(orCancelled: cancelled) { continuation in
            let batch = PendingPublish.Batch(count: messages.count, continuation)
            for (index, message) in messages.enumerated() {
                submit(PendingPublish(message, deadline: deadline, .batch(batch, index: index)))
            }
        }
    }

    private func submit(_ publication: PendingPublish) {
        if isEnded { return publication.settle(AMQPError(.closed)) }
        guard let channel, channel.isOpen else {
            guard backlog.count < window.limit else { return publication.settle(AMQPError(.overloaded)) }
            backlog.append(publication)
            return armTimer(at: waitDeadline(of: publication))
        }
        if channel.isBlocked { return publication.settle(AMQPError(.blocked)) }
        if window.isFull || channel.isSaturated { return publication.settle(AMQPError(.overloaded)) }
        send(publication, on: channel)
        armTimer(at: publication.deadline)
    }

    private func send(_ publication: PendingPublish, on channel: AMQPChannel) {
        do throws(AMQPError) {
            try channel.publish(publication.message)
            _ = window.append(publication)
            publication.published = Loop.now
            publication.returned = nil
            progress.published(at: Loop.now)
            if let deadline = progress.deadline { armTimer(at: deadline) }
        } catch {
            publication.settle(error)
        }
    }

    /// Until when a message waits for a channel: its own deadline while there is a connection, since the
    /// channel is being opened then; else the connection timeout.
    private func waitDeadline(of publication: PendingPublish) -> Instant {
        let isConnected = client.connection?.isOpen ?? false
        return isConnected
            ? publication.deadline : min(publication.deadline, publication.enqueued + connectionTimeout)
    }

    // MARK: Confirms

    private func settle(_ publication: PendingPublish, isAck: Bool) {
        if isAck, publication.returned == nil { return publication.settle(nil) }
        if publication.isSettled { return }
        publication.nacks += 1
        var backoff = Backoff(base: .milliseconds(10 << min(publication.nacks, 10)), cap: .seconds(1))
        let retryAt = Loop.now + backoff.next()
        guard publication.nacks <= nackLimit, retryAt < publication.deadline else {
            return publication.settle(publication.refusal)
        }
        retryQueue.append((retryAt, publication))
        armTimer(at: retryAt)
    }

    /// Arms the timer to fire at `instant` at the latest.
    private func armTimer(at instant: Instant) {
        if let timerDeadline, timerDeadline <= instant { return }
        timerDeadline = instant
        timer?.arm(at: instant)
    }

    /// Fails messages past their deadline, resends those whose retry is due, and rearms the timer.
    private func timerFired() {
        let now = Loop.now
        timerDeadline = nil
        var next: Instant?
        func note(_ instant: Instant) { next = next.map { min($0, instant) } ?? instant }

        var oldest: Instant?
        window.visit { publication in
            if oldest == nil { oldest = publication.published }
            if publication.isSettled { return }
            if publication.deadline > now { return note(publication.deadline) }
            publication.settle(AMQPError(.timeout, "no confirm in time"))
        }
        for _ in 0..<backlog.count {
            guard let publication = backlog.popFirst() else { break }
            let deadline = waitDeadline(of: publication)
            if deadline <= now {
                publication.settle(AMQPError(.notConnected, lastFailure.message))
            } else {
                backlog.append(publication)
                note(deadline)
            }
        }
        let retries = retryQueue
        retryQueue = []
        for (instant, publication) in retries {
            if publication.deadline <= now {
                publication.settle(publication.refusal)
            } else if instant <= now, let channel, !window.isFull, !client.isTopologyMissing {
                send(publication, on: channel)
                note(publication.deadline)
            } else {
                let retryAt = max(instant, now + .milliseconds(5))
                retryQueue.append((retryAt, publication))
                note(retryAt)
            }
        }
        check(progress.remedy(at: now, oldest: oldest))
        if let deadline = progress.deadline { note(deadline) }
        if let oldest { note(oldest + ConfirmProgress.messageLimit) }
        if let next { armTimer(at: max(next, now + .milliseconds(1))) }
    }

    private func check(_ remedy: ConfirmProgress.Remedy) {
        guard remedy != .none, let channel else { return }
        client.noteUnconfirmed(willReconnect: remedy == .reconnect)
        guard remedy == .reopenChannel else {
            return channel.failConnection(AMQPError(.connectionLost, "the broker confirms nothing"))
        }
        self.channel = nil
        progress.channelReopened()
        failUnsettled(AMQPError(.channelClosed, "the broker did not confirm"))
        channel.delegate = nil
        Loop.task { await channel.close() }
        client.attach(self)
    }

    private func fail(_ error: AMQPError) {
        let retries = retryQueue
        retryQueue = []
        failUnsettled(error)
        // They were refused and not sent again.
        for (_, publication) in retries { publication.settle(publication.refusal) }
    }

    private func failUnsettled(_ error: AMQPError) {
        lastFailure = error
        let failure = AMQPError(.connectionLost, replyCode: error.replyCode, error.message)
        for publication in window.removeAll() { publication.settle(publication.returned ?? failure) }
    }
}

extension AMQPPublisher: AMQPConnectionUser {
    func attach(to connection: AMQPConnection) async throws(AMQPError) {
        let channel = try await connection.openChannel()
        _ = try await channel.call(.confirmSelect)
        channel.delegate = self
        self.channel = channel
        while !window.isFull, let publication = backlog.popFirst() {
            send(publication, on: channel)
            armTimer(at: publication.deadline)
        }
    }

    func detach(_ error: AMQPError) {
        channel = nil
        progress.disconnected()
        fail(error)
        // The deadlines of waiting messages may be earlier now.
        if let oldest = backlog.first { armTimer(at: waitDeadline(of: oldest)) }
    }

    func end() {
        isEnded = true
        channel = nil
        fail(AMQPError(.closed))
        while let publication = backlog.popFirst() { publication.settle(AMQPError(.closed)) }
        timer?.cancel()
    }
}

extension AMQPPublisher: ChannelDelegate {
    func channel(_ channel: AMQPChannel, confirmed tag: UInt64, multiple: Bool, isAck: Bool) {
        guard channel === self.channel else { return }
        let isKnown = window.settle(tag, multiple: multiple) { settle($0, isAck: isAck) }
        if isAck { progress.acked(outstanding: window.outstanding, at: Loop.now) }
        if !isKnown {
            channel.failConnection(AMQPError(.protocolViolation, "a confirm of an unpublished tag"))
        }
    }

    func channel(_ channel: AMQPChannel, returned message: AMQPReturnedMessage) {
        let publication = window.first { $0.returned == nil && $0.matches(message) }
        publication?.returned = AMQPError(.returned, replyCode: message.replyCode, message.replyText)
        client.topologyIsMissing(replyCode: message.replyCode)
    }

    func channel(_ channel: AMQPChannel, closed error: AMQPError) {
        guard channel === self.channel else { return }
        self.channel = nil
        fail(error)
        client.topologyIsMissing(replyCode: error.replyCode ?? 0)
        client.attach(self)
    }
}
