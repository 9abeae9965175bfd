import AMQP
import EventLoop
import MemoryAdapters
import Messaging
import OrderEvents
import Orders
import Testing

@testable import OrderAccept

@Loop @Suite struct EventOrderPublisherTests {
    let broker = MemoryBroker(OrderTopology().declarations)
    let intake = Intake()

    private func announcement() async throws -> Announcement {
        try await intake.place()
        return try #require(intake.publisher.published.last)
    }

    @Test func theEnvelopeIsTheContracts() async throws {
        let publisher = EventOrderPublisher(broker.sender(), appID: "order-accept")
        let announcement = try await announcement()
        try await publisher.publish(announcement, until: Loop.now + .seconds(1))
        let message = try #require(broker.contents(of: "order.accepted").first)
        #expect(message.body == announcement.event.encode())
        let envelope = message.envelope
        #expect(envelope.id == announcement.messageID.description)
        #expect(envelope.correlationID == announcement.event.correlationID.description)
        #expect(envelope.type == "order.accepted.v1" && envelope.appID == "order-accept")
        #expect(envelope.trace == announcement.trace && envelope.causationID == "r-1")
        #expect(envelope.attempt == 1)
    }

    @Test(arguments: [
        (MessagingError.Code.unavailable, PublishFailure.Outcome.notPublished), (.unroutable, .notPublished),
        (.overloaded, .notPublished), (.refused, .notPublished), (.closed, .notPublished),
        (.unknownOutcome, .unknown),
    ])
    func failuresSayWhetherItMayBeThere(
        code: MessagingError.Code, outcome: PublishFailure.Outcome
    ) async throws {
        let publisher = EventOrderPublisher(broker.sender(), appID: "order-accept")
        let announcement = try await announcement()
        broker.outage = MessagingError(code)
        await #expect(throws: PublishFailure(outcome: outcome, reason: code.rawValue)) {
            try await publisher.publish(announcement, until: Loop.now + .seconds(1))
        }
        #expect(publisher.isSlow == (outcome == .unknown))
        broker.outage = nil
        try await publisher.publish(announcement, until: Loop.now + .seconds(1))
        #expect(!publisher.isSlow)
    }
}
