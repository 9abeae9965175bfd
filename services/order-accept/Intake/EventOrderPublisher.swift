import EventLoop
import Messaging
import OrderEvents
import Orders

/// ``OrderPublisher`` through the messaging pipeline: mandatory, persistent, confirmed.
@Loop
final class EventOrderPublisher: OrderPublisher {
    private let events: EventPublisher

    init(_ sender: any MessageSender, appID: String) {
        events = EventPublisher(sender, appID: appID)
    }

    func publish(_ announcement: Announcement, until deadline: Instant) async throws(PublishFailure) {
        let scope = MessageScope(
            correlationID: announcement.event.correlationID.description, causationID: announcement.cause,
            trace: announcement.trace)
        do throws(MessagingError) {
            try await events.publish(
                announcement.event, in: scope, id: announcement.messageID.description,
                within: Loop.now.duration(to: deadline))
        } catch {
            throw PublishFailure(
                outcome: error.code == .unknownOutcome ? .unknown : .notPublished,
                reason: error.code.rawValue)
        }
    }
}
