package import AMQP
package import EventLoop

/// A queue's dead letters, for the operator: look, send back, drop.
///
/// Looking takes the messages without settling them and puts them back; they keep their order, and are
/// marked as delivered before.
@Loop
package struct DeadLetters {
    package struct Letter: Sendable, Hashable {
        package let envelope: Envelope
        package let body: [UInt8]
    }

    private let client: Client
    private let publisher: Publisher
    /// The queue they were meant for.
    package let queue: String

    package init(of queue: String, _ client: Client, _ publisher: Publisher) {
        self.queue = queue
        self.client = client
        self.publisher = publisher
    }

    private var name: String { OrderTopology.deadLetters(of: queue) }

    /// The true number of messages ready.
    package func count() async throws(AMQPError) -> Int {
        let name = name
        return try await client.withChannel { channel throws(AMQPError) in
            try await channel.status(of: name).messages
        }
    }

    /// The oldest letters.
    package func list(limit: Int = 100) async throws(AMQPError) -> [Letter] {
        var letters: [Letter] = []
        try await visit(limit: limit) { delivery in
            letters.append(Letter(envelope: Envelope(delivery.properties), body: delivery.body))
            return .leave
        }
        return letters
    }

    /// Sends letters back to their queue, marked as replays and otherwise as if new, each confirmed before it is taken out here.
    /// - Parameter ids: message ids; nil: all there are.
    /// - Returns: the envelopes sent back.
    package func replay(_ ids: Set<String>? = nil) async throws(AMQPError) -> [Envelope] {
        var replayed: [Envelope] = []
        try await visit(limit: count()) { delivery throws(AMQPError) in
            var envelope = Envelope(delivery.properties)
            guard ids?.contains(envelope.id) ?? true else { return .leave }
            envelope.attempt = 1
            envelope.failure = nil
            envelope.isReplay = true
            let message = Message(
                exchange: "", routingKey: queue, properties: Properties(envelope), body: delivery.body)
            try await publisher.publish(message, within: .seconds(10))
            replayed.append(envelope)
            return .remove
        }
        return replayed
    }

    /// Drops letters for good.
    /// - Returns: the envelopes dropped.
    package func drop(_ ids: Set<String>? = nil) async throws(AMQPError) -> [Envelope] {
        var dropped: [Envelope] = []
        try await visit(limit: count()) { delivery in
            let envelope = Envelope(delivery.properties)
            guard ids?.contains(envelope.id) ?? true else { return .leave }
            dropped.append(envelope)
            return .remove
        }
        return dropped
    }

    private enum Fate { case leave, remove }

    /// Takes up to `limit` letters in order on one channel; what is left goes back when it closes.
    private func visit(
        limit: Int, _ body: @Loop (Delivery) async throws(AMQPError) -> Fate
    ) async throws(AMQPError) {
        let name = name
        var left = 0
        try await client.withChannel { channel throws(AMQPError) in
            for _ in 0..<limit {
                guard let delivery = try await channel.get(from: name) else { return }
                switch try await body(delivery) {
                case .remove: try channel.ack(delivery)
                case .leave: left += 1
                }
            }
        }
        try await settle(left)
    }

    /// A quorum queue takes letters back some time after their channel is closed: the next look must find
    /// them. Whoever else takes letters meanwhile costs a second.
    private func settle(_ left: Int) async throws(AMQPError) {
        let deadline = Instant.systemNow() + .seconds(1)
        while try await count() < left, Instant.systemNow() < deadline {
            do { try await Loop.sleep(for: .milliseconds(10)) } catch { return }
        }
    }
}
