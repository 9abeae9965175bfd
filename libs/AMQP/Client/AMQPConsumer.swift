package import EventLoop

/// Consumes one queue: deliveries arrive in batches and are settled one by one or together. At most
/// `prefetch` deliveries are unsettled, which bounds memory and applies back-pressure.
///
/// After a reconnect the broker redelivers what was not settled; results for the old deliveries are ignored.
@Loop
package final class AMQPConsumer {
    package let queue: String
    private let client: AMQPClient
    private let prefetch: UInt16
    private let batchLimit: Int
    private var channel: AMQPChannel?
    private var generation: UInt64 = 0
    private var ackTracker = AckTracker()
    private var buffer: [AMQPDelivery] = []
    private var waiting: LoopContinuation<[AMQPDelivery]?>?
    private var isFlushScheduled = false
    private var isStopped = false

    private static let tag = "waybill"

    /// Starts consuming as soon as the client is connected.
    package init(_ client: AMQPClient, queue: String, prefetch: UInt16 = 256, batchLimit: Int = 128) {
        self.client = client
        self.queue = queue
        self.prefetch = prefetch
        self.batchLimit = batchLimit
        client.add(self)
    }

    /// Whether the channel is open.
    package var isConsuming: Bool { channel?.isOpen ?? false }

    /// Deliveries not settled yet, including those not handed out.
    package var unsettled: Int { ackTracker.outstanding }

    /// Waits for the next deliveries: at least one, at most `batchLimit`, in order; nil once stopped or when the task is
    /// cancelled.
    package func next() async -> [AMQPDelivery]? {
        precondition(waiting?.isAbandoned ?? true, "one task at a time takes deliveries")
        if isStopped { return nil }
        if !buffer.isEmpty { return takeBatch() }
        return await Loop.suspend(orCancelled: nil) { waiting = $0 }
    }

    private func takeBatch() -> [AMQPDelivery] {
        if buffer.count <= batchLimit {
            defer { buffer = [] }
            return buffer
        }
        let batch = Array(buffer[..<batchLimit])
        buffer.removeFirst(batchLimit)
        return batch
    }

    // MARK: Settling

    /// Acks the delivery. Acks of one loop iteration are sent together, in as few frames as possible.
    package func ack(_ delivery: AMQPDelivery) { ack(tag: delivery.tag, generation: delivery.generation) }

    package func ack(tag: UInt64, generation: UInt64) {
        guard generation == self.generation, ackTracker.ack(tag) else { return }
        scheduleFlush()
    }

    package func ack(_ deliveries: some Sequence<AMQPDelivery>) {
        for delivery in deliveries { ack(delivery) }
    }

    /// Rejects the delivery: it is requeued or dead-lettered.
    package func reject(_ delivery: AMQPDelivery, requeue: Bool) {
        reject(tag: delivery.tag, generation: delivery.generation, requeue: requeue)
    }

    package func reject(tag: UInt64, generation: UInt64, requeue: Bool) {
        guard generation == self.generation, let channel, ackTracker.reject(tag) else { return }
        try? channel.send(.basicReject(tag: tag, requeue: requeue))
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        // Runs after the jobs that are already queued on the loop.
        Task { @Loop in flush() }
    }

    private func flush() {
        isFlushScheduled = false
        guard let channel else { return }
        for ack in ackTracker.flush() {
            try? channel.send(.basicAck(tag: ack.tag, multiple: ack.multiple))
        }
    }

    // MARK: Closing

    /// Stops consuming; deliveries not handed out are requeued, the others may still be settled until the
    /// client shuts down.
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

extension AMQPConsumer: AMQPConnectionUser {
    func attach(to connection: AMQPConnection) async throws(AMQPError) {
        let old = channel
        reset()
        await old?.close()
        let channel = try await connection.openChannel()
        generation += 1
        self.channel = channel
        channel.delegate = self
        // The queue may have been lost with its broker node, or been deleted.
        try await channel.declare(client.declarations(on: connection))
        _ = try await channel.exchange([
            .basicQos(prefetch: prefetch),
            .basicConsume(queue: queue, consumerTag: Self.tag, isExclusive: false),
        ])
    }

    func detach(_ error: AMQPError) { reset() }

    func end() {
        isStopped = true
        reset()
        waiting.take()?.resume(returning: nil)
    }

    /// Deliveries not handed out are redelivered.
    private func reset() {
        channel = nil
        generation += 1
        ackTracker = AckTracker()
        buffer = []
    }
}

extension AMQPConsumer: ChannelDelegate {
    func channel(_ channel: AMQPChannel, delivered delivery: AMQPDelivery) {
        guard channel === self.channel else { return }
        guard ackTracker.delivered(delivery.tag) else {
            return channel.failConnection(AMQPError(.protocolViolation, "delivery tags out of order"))
        }
        var delivery = delivery
        delivery.generation = generation
        buffer.append(delivery)
    }

    func channelReadCompleted(_ channel: AMQPChannel) {
        guard !buffer.isEmpty, let waiting = waiting.take(), !waiting.isAbandoned else { return }
        waiting.resume(returning: takeBatch())
    }

    func channelConsumerCancelled(_ channel: AMQPChannel) {
        if channel === self.channel, !isStopped { client.consumerWasCancelled(self) }
    }

    func channel(_ channel: AMQPChannel, closed error: AMQPError) {
        guard channel === self.channel else { return }
        reset()
        if !isStopped { client.attach(self) }
    }
}
