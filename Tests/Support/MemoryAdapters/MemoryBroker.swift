package import AMQP
package import EventLoop
package import Messaging

/// An in-memory broker, for tests and for running a service alone: topic exchanges (whole keys), queues with
/// TTL and dead-lettering, redelivery. Uses the same topology as RabbitMQ.
@Loop
package final class MemoryBroker {
    struct Stored {
        var message: OutboundMessage
        var isRedelivered = false
    }

    @Loop
    final class Queue {
        let deadLetterQueue: String?
        let timeToLive: Duration?
        var ready: [Stored] = []
        var waiting: [MemorySource] = []

        init(_ arguments: AMQPTable) {
            deadLetterQueue = arguments["x-dead-letter-routing-key"]?.string
            timeToLive = arguments["x-message-ttl"]?.int.map { .milliseconds($0) }
        }
    }

    private var queues: [String: Queue] = [:]
    private let bindings: [AMQPTopology.Binding]
    private var timers: [Timer] = []
    /// When set, every send fails with it.
    package var outage: MessagingError?

    package init(_ topology: AMQPTopology) {
        for queue in topology.queues { queues[queue.name] = Queue(queue.arguments) }
        bindings = topology.bindings
    }

    package func sender() -> MemorySender { MemorySender(self) }

    package func source(of queue: String, batchLimit: Int = 128) -> MemorySource {
        MemorySource(self, queue, batchLimit)
    }

    /// Ready messages of a queue.
    package func depth(of queue: String) -> Int { queues[queue]?.ready.count ?? 0 }

    /// The ready messages of a queue, in order.
    package func contents(of queue: String) -> [OutboundMessage] { queues[queue]?.ready.map(\.message) ?? [] }

    func queue(_ name: String) -> Queue? { queues[name] }

    func route(_ message: OutboundMessage) -> MessagingError? {
        if let outage { return outage }
        let names =
            switch message.destination {
            case .queue(let name): queues[name] == nil ? [] : [name]
            case .event(let key): bindings.filter { $0.routingKey == key }.map(\.queue)
            }
        if names.isEmpty { return MessagingError(.unroutable) }
        for name in names { put([Stored(message: message)], into: name) }
        return nil
    }

    func put(_ messages: [Stored], into name: String, atFront: Bool = false) {
        guard let queue = queues[name] else { return }
        queue.ready.insert(contentsOf: messages, at: atFront ? 0 : queue.ready.count)
        if let timeToLive = queue.timeToLive { expire(messages.count, of: name, after: timeToLive) }
        let waiting = queue.waiting
        queue.waiting = []
        for source in waiting { source.offer() }
    }

    func deadLetter(_ stored: Stored, of name: String) {
        guard let target = queues[name]?.deadLetterQueue else { return }
        put([Stored(message: stored.message)], into: target)
    }

    /// One TTL per queue: the oldest messages expire next.
    private func expire(_ count: Int, of name: String, after delay: Duration) {
        let timer = Timer { [weak self] in
            guard let self, let queue = queues[name] else { return }
            for _ in 0..<min(count, queue.ready.count) { deadLetter(queue.ready.removeFirst(), of: name) }
        }
        timer.arm(after: delay)
        timers.removeAll { !$0.isArmed }
        timers.append(timer)
    }
}

/// Sends to a ``MemoryBroker``.
@Loop
package final class MemorySender: MessageSender {
    private let broker: MemoryBroker

    init(_ broker: MemoryBroker) { self.broker = broker }

    package func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
        messages.map { broker.route($0) }
    }

    package func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        if let error = broker.route(message) { throw error }
    }
}

/// Receives from one queue of a ``MemoryBroker``.
@Loop
package final class MemorySource: MessageSource {
    private let broker: MemoryBroker
    private let name: String
    private let batchLimit: Int
    private var unsettled: [UInt64: MemoryBroker.Stored] = [:]
    private var nextTag: UInt64 = 1
    private var generation: UInt64 = 1
    private var waiting: LoopContinuation<[InboundMessage]?>?
    private var isStopped = false

    init(_ broker: MemoryBroker, _ name: String, _ batchLimit: Int) {
        self.broker = broker
        self.name = name
        self.batchLimit = batchLimit
    }

    package func next() async -> [InboundMessage]? {
        if isStopped { return nil }
        if let batch = take() { return batch }
        return await Loop.suspend { continuation in
            waiting = continuation
            broker.queue(name)?.waiting.append(self)
        }
    }

    func offer() {
        guard let continuation = waiting else { return }
        guard let batch = take() else {
            broker.queue(name)?.waiting.append(self)
            return
        }
        waiting = nil
        continuation.resume(returning: batch)
    }

    private func take() -> [InboundMessage]? {
        guard let queue = broker.queue(name), !queue.ready.isEmpty else { return nil }
        let count = min(batchLimit, queue.ready.count)
        defer { queue.ready.removeFirst(count) }
        return queue.ready[..<count].map { stored in
            let tag = nextTag
            nextTag += 1
            unsettled[tag] = stored
            return InboundMessage(
                envelope: stored.message.envelope, body: stored.message.body,
                isRedelivered: stored.isRedelivered, isDefective: false,
                token: InboundMessage.Token(tag: tag, generation: generation))
        }
    }

    private func settle(_ message: InboundMessage) -> MemoryBroker.Stored? {
        guard message.token.generation == generation else { return nil }
        return unsettled.removeValue(forKey: message.token.tag)
    }

    package func ack(_ messages: [InboundMessage]) {
        for message in messages { _ = settle(message) }
    }

    package func reject(_ message: InboundMessage) {
        if let stored = settle(message) { broker.deadLetter(stored, of: name) }
    }

    package func requeue(_ messages: [InboundMessage]) { giveBack(messages.compactMap(settle)) }

    /// Simulates a lost connection: unsettled messages are redelivered, and old tokens become invalid.
    package func reconnect() {
        let stored = unsettled.sorted { $0.key < $1.key }.map(\.value)
        unsettled = [:]
        generation += 1
        giveBack(stored)
    }

    private func giveBack(_ stored: [MemoryBroker.Stored]) {
        if stored.isEmpty { return }
        broker.put(
            stored.map { MemoryBroker.Stored(message: $0.message, isRedelivered: true) }, into: name,
            atFront: true)
    }

    package func stop() async {
        isStopped = true
        waiting?.resume(returning: nil)
        waiting = nil
        broker.queue(name)?.waiting.removeAll { $0 === self }
    }
}
