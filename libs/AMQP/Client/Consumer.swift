package import EventLoop

/// Consumes one queue: deliveries come in batches of whatever has arrived, and are settled one by one or
/// together. At most `prefetch` deliveries are unsettled, which bounds memory and is the back-pressure.
///
/// After a reconnect the broker delivers again what was not settled; verdicts on the old deliveries are
/// dropped without a word.
@Loop
package final class Consumer {
    package let queue: String
    private let client: Client
    private let prefetch: UInt16
    private let batchLimit: Int
    private var channel: Channel?
    private var generation: UInt64 = 0
    private var ledger = AckLedger()
    private var buffer: [Delivery] = []
    private var waiting: Resumption<[Delivery]?>?
    private var isFlushScheduled = false
    private var isStopped = false

    private static let tag = "waybill"

    /// Begins to consume as soon as the client is connected.
    package init(_ client: Client, queue: String, prefetch: UInt16 = 256, batchLimit: Int = 128) {
        self.client = client
        self.queue = queue
        self.prefetch = prefetch
        self.batchLimit = batchLimit
        client.add(self)
    }

    /// Whether deliveries can come.
    package var isConsuming: Bool { channel?.isOpen ?? false }

    /// Delivered and not settled, the ones not handed out included.
    package var unsettled: Int { ledger.outstanding }

    /// Waits for the next deliveries: at least one, at most `batchLimit`, in order; nil once stopped.
    package func next() async -> [Delivery]? {
        precondition(waiting == nil, "one task at a time takes deliveries")
        if isStopped { return nil }
        if !buffer.isEmpty { return takeBatch() }
        return await Loop.suspend { waiting = $0 }
    }

    private func takeBatch() -> [Delivery] {
        if buffer.count <= batchLimit {
            defer { buffer = [] }
            return buffer
        }
        let batch = Array(buffer[..<batchLimit])
        buffer.removeFirst(batchLimit)
        return batch
    }

    // MARK: Verdicts

    /// Done with it. Acks of one turn of the loop leave together, as few frames as possible.
    package func ack(_ delivery: Delivery) { ack(tag: delivery.tag, generation: delivery.generation) }

    package func ack(tag: UInt64, generation: UInt64) {
        guard generation == self.generation, ledger.ack(tag) else { return }
        scheduleFlush()
    }

    /// Done with all of them.
    package func ack(_ deliveries: some Sequence<Delivery>) {
        for delivery in deliveries { ack(delivery) }
    }

    /// Not done: back to the queue, or to its dead letters.
    package func reject(_ delivery: Delivery, requeue: Bool) {
        reject(tag: delivery.tag, generation: delivery.generation, requeue: requeue)
    }

    package func reject(tag: UInt64, generation: UInt64, requeue: Bool) {
        guard generation == self.generation, let channel, ledger.reject(tag) else { return }
        try? channel.send(.basicReject(tag: tag, requeue: requeue))
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        // Runs when the jobs of this turn that are there already have run.
        Task { @Loop in flush() }
    }

    private func flush() {
        isFlushScheduled = false
        guard let channel else { return }
        for ack in ledger.flush() {
            try? channel.send(.basicAck(tag: ack.tag, multiple: ack.multiple))
        }
    }

    // MARK: The end

    /// Takes no more deliveries; those not handed out go back to the queue, those handed out may still be
    /// settled until the client shuts down.
    package func stop() async {
        guard !isStopped else { return }
        isStopped = true
        client.remove(self)
        waiting.take()?.resume(returning: nil)
        if let channel, channel.isOpen {
            _ = try? await channel.call(.basicCancel(consumerTag: Self.tag))
        }
        for delivery in buffer { reject(delivery, requeue: true) }
        buffer = []
    }
}

extension Consumer: Participant {
    func attach(to connection: Connection) async throws(AMQPError) {
        let old = channel
        forget()
        await old?.close()
        let channel = try await connection.openChannel()
        generation += 1
        self.channel = channel
        channel.delegate = self
        // The queue may have gone with its broker node, or been deleted.
        try await channel.declare(client.topology)
        _ = try await channel.exchange([
            .basicQos(prefetch: prefetch),
            .basicConsume(queue: queue, consumerTag: Self.tag, isExclusive: false),
        ])
    }

    func detach(_ error: AMQPError) { forget() }

    func end() {
        isStopped = true
        forget()
        waiting.take()?.resume(returning: nil)
    }

    /// What is not handed out will be delivered again.
    private func forget() {
        channel = nil
        generation += 1
        ledger = AckLedger()
        buffer = []
    }
}

extension Consumer: ChannelDelegate {
    func channel(_ channel: Channel, delivered delivery: Delivery) {
        guard channel === self.channel else { return }
        guard ledger.delivered(delivery.tag) else {
            return channel.breakConnection(AMQPError(.protocolViolation, "delivery tags out of order"))
        }
        var delivery = delivery
        delivery.generation = generation
        buffer.append(delivery)
    }

    func channelEndedInput(_ channel: Channel) {
        guard !buffer.isEmpty, let waiting = waiting.take() else { return }
        waiting.resume(returning: takeBatch())
    }

    func channelConsumerCancelled(_ channel: Channel) {
        if channel === self.channel, !isStopped { client.attach(self) }
    }

    func channel(_ channel: Channel, closed error: AMQPError) {
        guard channel === self.channel else { return }
        forget()
        if !isStopped { client.attach(self) }
    }
}
