import EventLoop
import MemoryAdapters
import Messaging

/// RabbitMQ: the in-memory broker behind a network.
@Loop
final class SimulatedBroker {
    let server = SimulatedServer("rabbitmq")
    let memory: MemoryBroker
    private var sources: [SimulatedSource] = []

    init(_ topology: OrderTopology) { memory = MemoryBroker(topology.declarations) }

    func source(of queue: String, _ link: Link) -> SimulatedSource {
        let source = SimulatedSource(memory.source(of: queue, batchLimit: 16), link)
        sources.append(source)
        return source
    }

    func remove(_ source: SimulatedSource) { sources.removeAll { $0 === source } }

    func stop() { server.stop() }

    /// What was delivered and not acked is delivered again.
    func start() {
        server.start()
        for source in sources { source.reconnect() }
    }

    /// An alarm: nothing is taken.
    var isBlocked: Bool {
        get { memory.outage != nil }
        set { memory.outage = newValue ? MessagingError(.unavailable, "blocked") : nil }
    }

    /// A queue elects its leader: some messages are nacked, and stored nowhere.
    var isElecting = false

    /// Of one consumer, chosen by the seed.
    func dropConnection() {
        guard !sources.isEmpty else { return }
        sources.drawn().reconnect()
    }
}

@Loop
final class SimulatedSender: MessageSender {
    private let broker: SimulatedBroker
    private let link: Link
    private let sender: MemorySender

    init(_ broker: SimulatedBroker, _ link: Link) {
        self.broker = broker
        self.link = link
        sender = broker.memory.sender()
    }

    func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        if let failure = await send([message], within: limit)[0] { throw failure }
    }

    func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
        do throws(MessagingError) {
            return try await link.call(
                MessagingError(.unavailable), MessagingError(.unknownOutcome), within: limit
            ) { [broker, sender] () throws(MessagingError) in
                let nacked = messages.map { _ in broker.isElecting && drawn(onceIn: 3) }
                let stored = zip(messages, nacked).filter { !$1 }.map(\.0)
                var failures = await sender.send(stored, within: limit)[...]
                return nacked.map { $0 ? MessagingError(.refused, "nacked") : failures.removeFirst() }
            }
        } catch {
            return messages.map { _ in error }
        }
    }
}

/// A consumer. Acks travel; those of an earlier connection mean nothing.
@Loop
final class SimulatedSource: MessageSource {
    private let memory: MemorySource
    private let link: Link

    init(_ memory: MemorySource, _ link: Link) {
        self.memory = memory
        self.link = link
    }

    func next() async -> [InboundMessage]? {
        while true {
            await link.process.checkpoint()
            guard let batch = await memory.next() else { return nil }
            await link.delay()
            await link.process.checkpoint()
            if link.server.isUp, !link.isCut { return batch }
        }
    }

    func ack(_ messages: [InboundMessage]) { later { $0.ack(messages) } }
    func reject(_ message: InboundMessage) { later { $0.reject(message) } }
    func requeue(_ messages: [InboundMessage]) { later { $0.requeue(messages) } }

    private func later(_ body: @escaping @Loop (MemorySource) -> Void) {
        guard link.process.isAlive else { return }
        Loop.task { [memory, link] in
            await link.delay()
            if link.server.isUp, !link.isCut { body(memory) }
        }
    }

    func stop() async {
        await memory.stop()
        memory.reconnect()
    }

    func reconnect() { memory.reconnect() }
}
