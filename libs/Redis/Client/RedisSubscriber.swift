package import EventLoop

/// A pub/sub connection that reconnects whenever it is lost and resubscribes every channel.
///
/// Each channel is subscribed once; the caller counts the users of a shared channel.
@Loop
package final class RedisSubscriber: RedisChannels {
    package let isCluster = false
    package let isPartial = false
    /// Channels per SUBSCRIBE after a reconnection. The next batch is sent when the last one is confirmed and
    /// reported, which paces the users' recovery.
    private static let batch = 512

    private let configuration: RedisConfiguration
    private let isSharded: Bool
    private let reconnector: RedisReconnector
    private var table = SubscriptionTable()
    /// Callers that wait for the confirmation of their channel.
    private let waiters: WaiterQueue<RedisError?>
    private var waitersByChannel: [[UInt8]: [WaiterQueue<RedisError?>.Waiter]] = [:]
    /// The channels of commands in flight, with the time of each.
    private var unconfirmed: [[UInt8]: Instant] = [:]
    private lazy var confirmationTimer = Timer { [weak self] in self?.checkConfirmations() }

    package var onMessage: (@Loop (_ channel: [UInt8], _ payload: [UInt8]) -> Void)?
    package var onRestored: (@Loop (_ channels: [[UInt8]]) -> Void)?
    package var onStateChange: (@Loop (RedisConnectionState) -> Void)?
    /// Called with a slot whose channels the server does not have any more, or refuses for now.
    var onSlotLost: (@Loop (_ slot: Int) -> Void)?

    package convenience init(_ configuration: RedisConfiguration, endpoint: RedisEndpointProvider? = nil) {
        self.init(configuration, endpoint: endpoint, isSharded: false)
    }

    /// - Parameter isSharded: for channels of a cluster's node (SSUBSCRIBE).
    init(_ configuration: RedisConfiguration, endpoint: RedisEndpointProvider? = nil, isSharded: Bool) {
        self.configuration = configuration
        self.isSharded = isSharded
        reconnector = RedisReconnector(configuration, endpoint)
        waiters = WaiterQueue(limit: configuration.pendingCommands)
    }

    /// Follows the primary.
    package convenience init(_ configuration: RedisConfiguration, sentinels: RedisSentinels) {
        self.init(configuration) { try await sentinels.primary() }
        sentinels.onSwitch { [weak self] in self?.reconnector.leave(unless: $0) }
    }

    package var state: RedisConnectionState { isConfirmed ? reconnector.state : .down(lastError) }
    private var isConfirmed = false
    private var lastError: RedisError?

    package var channels: Int { table.wanted }

    /// Connects and reconnects until ``close()`` or until the calling task is cancelled.
    package func run() async {
        reconnector.onUp = { [weak self] in self?.connected($0) }
        reconnector.onDown = { [weak self] error in
            guard let self else { return }
            table.disconnected()
            (isConfirmed, lastError) = (false, error)
            unconfirmed = [:]
            confirmationTimer.cancel()
            onStateChange?(.down(error))
            if error.code == .closed { waiters.resumeAll(returning: error) }
        }
        await reconnector.run()
    }

    package func close() { reconnector.close() }

    package func subscribe(_ channel: String) async throws(RedisError) {
        try await subscribe(Array(channel.utf8), until: Loop.now + configuration.commandTimeout)
    }

    /// - Throws: `.moved` when the channel is released.
    func subscribe(_ channel: [UInt8], until deadline: Instant) async throws(RedisError) {
        if table.isSubscribed(channel) { return }
        let result = await waiters.wait(
            until: deadline,
            enqueued: { waiter in
                waitersByChannel[channel, default: []].append(waiter)
                send(table.subscribe(channel))
            })
        if case .value(nil) = result { return }
        waitersByChannel[channel]?.removeAll { $0.isSettled }
        if waitersByChannel[channel]?.isEmpty == true { waitersByChannel[channel] = nil }
        switch result {
        case .value(let error?): throw error
        case .value(nil), .timedOut: throw RedisError(.timeout, "the subscription was not confirmed")
        case .cancelled: throw RedisError(.timeout, "the subscription was cancelled")
        case .overloaded: throw RedisError(.overloaded, "\(waiters.count) callers are waiting")
        }
    }

    package func unsubscribe(_ channel: String) { unsubscribe(Array(channel.utf8)) }

    func unsubscribe(_ channel: [UInt8]) {
        settle(channel, RedisError(.closed, "unsubscribed before the confirmation"))
        send(table.unsubscribe(channel))
    }

    // MARK: Channels of a cluster

    /// Subscribes channels that another server had; ``onRestored`` reports them.
    func adopt(_ channels: some Sequence<[UInt8]>) {
        table.adopt(channels)
        restoreNext()
    }

    /// Forgets channels that this server does not have any more; their callers get `.moved`.
    func release(_ channels: some Sequence<[UInt8]>) {
        var restored: [[UInt8]] = []
        for channel in channels {
            unconfirmed[channel] = nil
            restored += table.remove(channel)
            settle(channel, RedisError(.moved))
        }
        if !restored.isEmpty { onRestored?(restored) }
        restoreNext()
    }

    private func lost(_ slot: Int) {
        // Channels that nobody wants any more are known only here.
        release(unconfirmed.keys.filter { HashSlot.of($0) == slot })
        onSlotLost?(slot)
    }

    /// An error names no channel. Other channels of the connection are not affected by one of the cluster.
    private func refused(by error: RedisError) {
        if isSharded, let redirection = error.redirection {
            lost(redirection.slot)
        } else if isSharded, error.refusal == .clusterIsDown {
            for slot in Set(unconfirmed.keys.map { HashSlot.of($0) }) { lost(slot) }
        } else {
            waiters.resumeAll(returning: error)
            waitersByChannel = [:]
            reconnector.connection?.close(because: error)
        }
    }

    // MARK: Commands and their confirmations

    private func connected(_ connection: RedisConnection) {
        connection.onPush = { [weak self] in self?.received($0) }
        table.connected()
        if table.wanted == 0 { confirmed() }
        restoreNext()
    }

    private func confirmed() {
        if isConfirmed { return }
        isConfirmed = true
        onStateChange?(state)
    }

    private func restoreNext() {
        let channels = table.nextBatch(limit: Self.batch)
        guard !channels.isEmpty else { return }
        var batch = RedisBatch()
        if isSharded {
            // Channels of one command must have one slot.
            for channel in channels { batch.add("SSUBSCRIBE", channel) }
        } else {
            batch.add("SUBSCRIBE", list: channels)
        }
        write(batch, of: channels)
    }

    private func send(_ command: SubscriptionTable.Command?) {
        guard let command else { return }
        var batch = RedisBatch()
        switch command {
        case .subscribe(let channel):
            batch.add(isSharded ? "SSUBSCRIBE" : "SUBSCRIBE", channel)
            write(batch, of: [channel])
        case .unsubscribe(let channel):
            batch.add(isSharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE", channel)
            write(batch, of: [channel])
        }
    }

    private func write(_ batch: RedisBatch, of channels: [[UInt8]]) {
        guard let connection = reconnector.connection else { return }
        for channel in channels { unconfirmed[channel] = Loop.now }
        if !confirmationTimer.isArmed { confirmationTimer.arm(after: configuration.subscriptionTimeout) }
        connection.write(batch)
    }

    /// A confirmation that was lost would leave its channel without messages for ever, though others come.
    private func checkConfirmations() {
        guard let oldest = unconfirmed.values.min() else { return }
        let deadline = oldest + configuration.subscriptionTimeout
        guard deadline <= Loop.now else { return confirmationTimer.arm(at: deadline) }
        reconnector.connection?.close(because: RedisError(.timeout, "a subscription was not confirmed"))
    }

    private func settle(_ channel: [UInt8], _ error: RedisError?) {
        guard let settled = waitersByChannel.removeValue(forKey: channel) else { return }
        for waiter in settled { waiters.resume(waiter, returning: error) }
    }

    /// Pushes of RESP2: `[message, channel, payload]`, `[subscribe|unsubscribe, channel, count]`, `[pong, …]`. Those
    /// of sharded channels begin with an `s` more.
    private func received(_ push: RedisValue) {
        guard case .array(let parts) = push, parts.count >= 2, case .bytes(let word) = parts[0],
            case .bytes(let channel) = parts[1]
        else {
            if case .error(let error) = push { refused(by: error) }
            return
        }
        let kind = word.dropFirst(isSharded ? 1 : 0)
        if kind.elementsEqual("message".utf8) {
            if parts.count == 3, case .bytes(let payload) = parts[2] { onMessage?(channel, payload) }
        } else if kind.elementsEqual("subscribe".utf8) {
            unconfirmed[channel] = nil
            confirmed()
            let confirmation = table.confirmedSubscribe(channel)
            if confirmation.isSubscribed { settle(channel, nil) }
            send(confirmation.command)
            if !confirmation.restored.isEmpty { onRestored?(confirmation.restored) }
            restoreNext()
        } else if kind.elementsEqual("unsubscribe".utf8) {
            // Without being asked, a node says so when it has lost the slot.
            if isSharded, table.isSubscribed(channel) { return lost(HashSlot.of(channel)) }
            unconfirmed[channel] = nil
            send(table.confirmedUnsubscribe(channel).command)
        }
    }
}
