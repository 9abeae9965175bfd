/// A queue's state at one moment.
package struct AMQPQueueStatus: Sendable, Equatable {
    /// Ready messages; delivered and unacked ones are not counted.
    package var messages: Int
    package var consumers: Int
}

extension AMQPChannel {
    /// Declares everything in the topology, in one write.
    func declare(_ calls: [AMQPClientMethod]) async throws(AMQPError) {
        if !calls.isEmpty { _ = try await exchange(calls) }
    }

    /// A queue's current depth, by a passive declare; the channel closes with 404 when there is none.
    package func status(of queue: String) async throws(AMQPError) -> AMQPQueueStatus {
        let reply = try await call(
            .queueDeclare(
                name: queue, isDurable: true, isExclusive: false, isAutoDelete: false, isPassive: true,
                arguments: [:]))
        guard case .queueDeclareOk(_, let messages, let consumers) = reply else { throw Self.unexpected }
        return AMQPQueueStatus(messages: Int(messages), consumers: Int(consumers))
    }

    /// Gets the first message of a queue; nil when it is empty. Settle it with `ack` or `reject`, or close
    /// the channel to requeue it.
    package func get(from queue: String) async throws(AMQPError) -> AMQPDelivery? {
        switch try await exchange([.basicGet(queue: queue)]) {
        case .delivery(let delivery): return delivery
        case .method(.basicGetEmpty): return nil
        case .method: throw Self.unexpected
        }
    }

    package func deleteQueue(_ name: String) async throws(AMQPError) {
        _ = try await call(.queueDelete(queue: name))
    }

    package func deleteExchange(_ name: String) async throws(AMQPError) {
        _ = try await call(.exchangeDelete(name: name))
    }

    /// Settles a message that came from `get` on this channel.
    package func ack(_ delivery: AMQPDelivery) throws(AMQPError) {
        try send(.basicAck(tag: delivery.tag, multiple: false))
    }

    package func reject(_ delivery: AMQPDelivery, requeue: Bool) throws(AMQPError) {
        try send(.basicReject(tag: delivery.tag, requeue: requeue))
    }

    private static var unexpected: AMQPError {
        AMQPError(.protocolViolation, replyCode: 503, "a reply to another call")
    }
}
