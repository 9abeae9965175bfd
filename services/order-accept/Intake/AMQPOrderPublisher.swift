import AMQP
import EventLoop
import Observability
import OrderEvents
import Orders

/// ``OrderPublisher`` over RabbitMQ: mandatory, persistent, confirmed.
@Loop
final class AMQPOrderPublisher: OrderPublisher {
    private let publisher: Publisher

    init(_ client: AMQP.Client) {
        publisher = Publisher(client)
    }

    /// Announcements that the broker has not settled.
    var unconfirmed: Int { publisher.unconfirmed }

    func publish(_ announcement: Announcement, until deadline: Instant) async throws(PublishFailure) {
        do throws(AMQPError) {
            try await publisher.publish(Self.message(announcement), within: Loop.now.duration(to: deadline))
        } catch {
            throw PublishFailure(
                outcome: error.isOutcomeUnknown ? .unknown : .notPublished, reason: error.code.rawValue)
        }
    }

    private static func message(_ announcement: Announcement) -> Message {
        let event = announcement.event
        var properties = Properties()
        properties.contentType = "application/json"
        properties.messageID = announcement.messageID.description
        properties.correlationID = event.correlationID.description
        properties.type = OrderAccepted.type.rawValue
        properties.timestamp = UInt64(event.acceptedAt.milliseconds / 1000)
        properties.appID = "order-accept"
        properties.headers = [
            "traceparent": .string(announcement.trace.traceparent),
            "causation-id": .string(announcement.cause), "x-attempt": 1,
        ]
        return Message(
            exchange: "orders", routingKey: "order.accepted", properties: properties, body: event.encode())
    }
}
