import EventLoop
import Messaging
import OrderEvents
import Orders

/// ``OrderPublisher`` through the messaging pipeline: mandatory, persistent, confirmed.
@Loop
final class EventOrderPublisher: OrderPublisher {
    private let events: EventPublisher
    /// When a confirm last stayed away; nil once one came.
    private var unconfirmedAt: Instant?

    init(_ sender: any MessageSender, appID: String) {
        events = EventPublisher(sender, appID: appID)
    }

    /// Whether the broker let a confirm slip in the last seconds and has confirmed nothing since. It ends by itself:
    /// who gets no requests cannot find out that all is well again.
    var isSlow: Bool { unconfirmedAt.map { Loop.now < $0 + .seconds(5) } ?? false }

    func publish(_ announcement: Announcement, until deadline: Instant) async throws(PublishFailure) {
        let scope = MessageContext(
            correlationID: announcement.event.correlationID.description, causationID: announcement.cause,
            trace: announcement.trace)
        do throws(MessagingError) {
            try await events.publish(
                announcement.event, in: scope, id: announcement.messageID.description,
                within: Loop.now.duration(to: deadline))
            unconfirmedAt = nil
        } catch {
            if error.code == .unknownOutcome { unconfirmedAt = Loop.now }
            throw PublishFailure(
                outcome: error.code == .unknownOutcome ? .unknown : .notPublished,
                reason: error.code.rawValue)
        }
    }
}
