package import AMQP
package import EventLoop

/// A queue's dead letters, for the operator: look, send back, drop.
///
/// Looking takes the messages without settling them and puts them back; they keep their order, and are
/// marked as delivered before.
@Loop
package struct DeadLetterQueue {
    package struct Message: Sendable, Hashable {
        package let envelope: Envelope
        package let body: [UInt8]
        /// Too large or too broken to be taken apart: there is nothing here that could be sent back.
        package let isDefective: Bool

        init(_ delivery: AMQPDelivery) {
            envelope = Envelope(delivery.properties)
            body = delivery.body
            isDefective = delivery.defect != nil
        }

        /// What an operator calls it by: the message id, or a digest of the body (FNV-1a) where there is none.
        package var name: String {
            if !envelope.id.isEmpty { return envelope.id }
            let hash = body.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            let digits = String(hash, radix: 16)
            return "body-" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
    }

    /// Told of each letter looked at: its number from 1, and how many there are.
    package typealias Progress = @Loop (_ seen: Int, _ all: Int) -> Void

    private let client: AMQPClient
    private let publisher: AMQPPublisher
    /// The queue they were meant for.
    package let queue: String

    package init(of queue: String, _ client: AMQPClient, _ publisher: AMQPPublisher) {
        self.queue = queue
        self.client = client
        self.publisher = publisher
    }

    private var name: String { OrderTopology.deadLetterQueue(of: queue) }

    /// The true number of messages ready.
    package func count() async throws(AMQPError) -> Int {
        let name = name
        return try await client.withChannel { channel throws(AMQPError) in
            try await channel.status(of: name).messages
        }
    }

    /// The oldest letters.
    package func list(limit: Int = 100) async throws(AMQPError) -> [Message] {
        var letters: [Message] = []
        try await visit(limit: limit) { delivery in
            letters.append(Message(delivery))
            return .leave
        }
        return letters
    }

    /// Sends letters back to their queue, marked as replays and otherwise as if new, each confirmed before it
    /// is taken out here. Defective ones stay.
    /// - Parameters:
    ///   - names: of the letters; nil: all there are.
    ///   - prepare: called before each is sent; the letter stays where it answers false.
    /// - Returns: what was sent back.
    package func replay(
        _ names: Set<String>? = nil, progress: Progress = { _, _ in },
        prepare: @Loop (Message) async -> Bool = { _ in true }
    ) async throws(AMQPError) -> [Envelope] {
        var replayed: [Envelope] = []
        try await visit(progress: progress) { delivery throws(AMQPError) in
            let letter = Message(delivery)
            guard !letter.isDefective, names?.contains(letter.name) ?? true, await prepare(letter) else {
                return .leave
            }
            var envelope = letter.envelope
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

    /// Drops letters for good.
    /// - Parameter names: of the letters; nil: all there are.
    /// - Returns: the names of what was dropped.
    package func drop(
        _ names: Set<String>? = nil, progress: Progress = { _, _ in }
    ) async throws(AMQPError) -> [String] {
        var dropped: [String] = []
        try await visit(progress: progress) { delivery in
            let name = Message(delivery).name
            guard names?.contains(name) ?? true else { return .leave }
            dropped.append(name)
            return .remove
        }
        return dropped
    }

    private enum Disposition { case leave, remove }

    /// Takes up to `limit` letters in order on one channel; what is left goes back when it closes.
    /// - Parameter limit: nil for all there are.
    private func visit(
        limit: Int? = nil, progress: Progress = { _, _ in },
        _ body: @Loop (AMQPDelivery) async throws(AMQPError) -> Disposition
    ) async throws(AMQPError) {
        let name = name
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
                case .leave: break
                }
                progress(number + 1, limit)
            }
        }
        try await settle(all - removed)
    }

    /// A quorum queue takes letters back some time after their channel is closed: the next look must find
    /// them. Whoever else takes letters meanwhile costs a second.
    private func settle(_ expected: Int) async throws(AMQPError) {
        let deadline = Instant.systemNow() + .seconds(1)
        while try await count() < expected, Instant.systemNow() < deadline {
            do { try await Loop.sleep(for: .milliseconds(10)) } catch { return }
        }
    }
}
