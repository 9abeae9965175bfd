package import AMQP
package import EventLoop

/// Publishes to RabbitMQ, confirmed and mandatory.
@Loop
package final class AMQPSender: MessageSender {
    private let publisher: AMQPPublisher
    private let exchange: String

    package init(_ publisher: AMQPPublisher, exchange: String) {
        self.publisher = publisher
        self.exchange = exchange
    }

    package func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
        await publisher.publish(messages.map(message), within: limit).map { $0.map(MessagingError.init) }
    }

    package func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        do throws(AMQPError) {
            try await publisher.publish(self.message(message), within: limit)
        } catch {
            throw MessagingError(error)
        }
    }

    private func message(_ outbound: OutboundMessage) -> AMQPMessage {
        let properties = AMQPProperties(outbound.envelope)
        return switch outbound.destination {
        case .event(let key):
            AMQPMessage(exchange: exchange, routingKey: key, properties: properties, body: outbound.body)
        case .queue(let queue):
            AMQPMessage(exchange: "", routingKey: queue, properties: properties, body: outbound.body)
        }
    }
}

/// Consumes one RabbitMQ queue.
@Loop
package final class AMQPSource: MessageSource {
    private let consumer: AMQPConsumer

    package init(_ consumer: AMQPConsumer) { self.consumer = consumer }

    package func next() async -> [InboundMessage]? {
        await consumer.next()?.map(InboundMessage.init)
    }

    package func ack(_ messages: [InboundMessage]) {
        for message in messages { consumer.ack(tag: message.token.tag, generation: message.token.generation) }
    }

    package func reject(_ message: InboundMessage) {
        consumer.reject(tag: message.token.tag, generation: message.token.generation, requeue: false)
    }

    package func requeue(_ messages: [InboundMessage]) {
        for message in messages {
            consumer.reject(tag: message.token.tag, generation: message.token.generation, requeue: true)
        }
    }

    package func stop() async { await consumer.stop() }
}
