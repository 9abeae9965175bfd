package import AMQP
package import Bytes
package import EventLoop

/// A queue's dead-letter queue, for the operator: list, replay, drop.
///
/// Listing receives the messages without settling them and requeues them, which changes their order in the queue, and marks
/// them as redelivered. RabbitMQ 4 drops what was redelivered 20 times from a queue that an older one has made: long
/// before that a message is replaced by a copy, at the end of the queue.
@Loop
package struct DeadLetterQueue {
    package struct Message: Sendable, Hashable {
        package let envelope: Envelope
        package let body: [UInt8]
        /// Too large or malformed to be decoded, so it cannot be replayed.
        package let isDefective: Bool

        init(_ delivery: AMQPDelivery) {
            envelope = Envelope(delivery.properties)
            body = delivery.body
            isDefective = delivery.defect != nil
        }

        /// Orders messages by the times of their failures; of those of one millisecond the ids decide, so that each listing
        /// has one order.
        fileprivate var age: (String, UInt64, ByteString) {
            (envelope.failure?.failedAt ?? "", envelope.timestamp, ByteString(name))
        }

        /// The operator's name for it: the message id, or a digest of the body (FNV-1a) when there is none.
        package var name: String {
            if !envelope.id.isEmpty { return envelope.id }
            let hash = body.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            let digits = String(hash, radix: 16)
            return "body-" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
    }

    /// Called for each message visited: its number from 1, and the total.
    package typealias Progress = @Loop (_ seen: Int, _ all: Int) -> Void

    private let client: AMQPClient
    private let publisher: AMQPPublisher
    /// The queue that dead-lettered them.
    package let queue: String

    package init(of queue: String, _ client: AMQPClient, _ publisher: AMQPPublisher) {
        self.queue = queue
        self.client = client
        self.publisher = publisher
    }

    private var name: String { OrderTopology.deadLetterQueue(of: queue) }

    /// The number of ready messages.
    package func count() async throws(AMQPError) -> Int {
        let name = name
        return try await client.withChannel { channel throws(AMQPError) in
            try await channel.status(of: name).messages
        }
    }

    /// Up to `limit` messages of the queue, the one that failed first at the beginning.
    package func list(limit: Int = 100) async throws(AMQPError) -> [Message] {
        var messages: [Message] = []
        try await visit(limit: limit) { delivery in
            messages.append(Message(delivery))
            return .leave
        }
        return messages.map { (message: $0, age: $0.age) }.sorted { $0.age < $1.age }.map(\.message)
    }

    /// Publishes messages to their queue again, marked as replays and with a new attempt count, each
    /// confirmed before it is removed here. Defective ones stay.
    /// - Parameter names: of the messages; nil: all.
    /// - Returns: the replayed messages.
    package func replay(
        _ names: Set<ByteString>? = nil, progress: Progress = { _, _ in }
    ) async throws(AMQPError) -> [Envelope] {
        var replayed: [Envelope] = []
        // One that fails again at once may come by once more, while somebody else looks at the others.
        var seen: Set<ByteString> = []
        try await visit(progress: progress) { delivery throws(AMQPError) in
            let entry = Message(delivery)
            let name = ByteString(entry.name)
            guard !entry.isDefective, names?.contains(name) ?? true, seen.insert(name).inserted else {
                return .leave
            }
            var envelope = entry.envelope
            envelope.attempt = 1
            envelope.failure = nil
            envelope.isReplay = true
            let message = AMQPMessage(
                exchange: "", routingKey: queue, properties: AMQPProperties(envelope), body: delivery.body)
            try await publisher.publish(message, within: .seconds(10))
            replayed.append(envelope)
            return .remove
        }
        return replayed
    }

    /// Drops messages permanently.
    /// - Parameter names: of the messages; nil: all.
    /// - Returns: the names of the dropped messages.
    package func drop(
        _ names: Set<ByteString>? = nil, progress: Progress = { _, _ in }
    ) async throws(AMQPError) -> [String] {
        var dropped: [String] = []
        try await visit(progress: progress) { delivery in
            let name = Message(delivery).name
            guard names?.contains(ByteString(name)) ?? true else { return .leave }
            dropped.append(name)
            return .remove
        }
        return dropped
    }

    private enum Disposition { case leave, remove }

    /// Gets up to `limit` messages in order on one channel; unsettled ones are requeued when it closes.
    /// - Parameter limit: nil for all.
    private func visit(
        limit: Int? = nil, progress: Progress = { _, _ in },
        _ body: @Loop (AMQPDelivery) async throws(AMQPError) -> Disposition
    ) async throws(AMQPError) {
        let name = name
        try await enter()
        defer { leave() }
        let all = try await count()
        let limit = min(limit ?? all, all)
        var removed = 0
        try await client.withChannel { channel throws(AMQPError) in
            for number in 0..<limit {
                guard let delivery = try await channel.get(from: name) else { return }
                switch try await body(delivery) {
                case .remove:
                    try channel.ack(delivery)
                    removed += 1
                case .leave where mustReplace(delivery):
                    try await publisher.publish(
                        AMQPMessage(
                            exchange: "", routingKey: name, properties: delivery.properties,
                            body: delivery.body),
                        within: .seconds(10))
                    try channel.ack(delivery)
                case .leave: break
                }
                progress(number + 1, limit)
            }
        }
        try await settle(all - removed)
    }

    /// Those that wait for their turn, by the queue of the visit that is under way: messages that one visit holds are missing
    /// in another. Of another process, such as a second console, this knows nothing.
    private static var visits: [ByteString: WaiterQueue<Void>] = [:]

    private func enter() async throws(AMQPError) {
        guard let waiting = Self.visits[ByteString(name)] else {
            Self.visits[ByteString(name)] = WaiterQueue(limit: 100)
            return
        }
        guard case .value = await waiting.wait(until: Loop.now + .seconds(10)) else {
            throw AMQPError(.overloaded, "others look through \(name)")
        }
    }

    private func leave() {
        if Self.visits[ByteString(name)]?.resumeFirst(returning: ()) != true {
            Self.visits[ByteString(name)] = nil
        }
    }

    /// Redeliveries after which a message is replaced.
    private static let deliveries: Int64 = 10

    private func mustReplace(_ delivery: AMQPDelivery) -> Bool {
        guard client.limitsDeliveries, delivery.defect == nil,
            let count = delivery.properties.headers[AMQPHeader.deliveryCount]?.int
        else { return false }
        return count >= Self.deliveries
    }

    /// A quorum queue requeues messages some time after their channel is closed, so this waits until they are
    /// ready again. When another consumer takes messages meanwhile, it waits one second.
    private func settle(_ expected: Int) async throws(AMQPError) {
        let deadline = Instant.systemNow() + .seconds(1)
        while try await count() < expected, Instant.systemNow() < deadline {
            do { try await Loop.sleep(for: .milliseconds(10)) } catch { return }
        }
    }
}
