import Bytes
import EventLoop
import Messaging
import OrderEvents
import TestSupport
import Testing

/// The operator's view of a dead-letter queue, on the real broker.
@Suite(.onLoop, .enabled(if: Transports.url != nil), .timeLimit(.minutes(1)))
struct DeadLetterQueueLiveTests {
    @Test(arguments: [Transports.quorum, .classic])
    @Loop func listsReplaysAndDropsMessages(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            let fixture = try #require(fixture as? RabbitMQTransportFixture)
            var sent = try Sample.messages(0..<4, by: fixture.publisher)
            for index in sent.indices {
                sent[index].destination = .queue(fixture.deadLetters)
                sent[index].envelope.attempt = 4
                sent[index].envelope.failure = Envelope.Failure(reason: "why", failedAt: "then")
            }
            _ = await fixture.sender.send(sent, within: .seconds(5))
            let deadLetters = DeadLetterQueue(of: fixture.queue, fixture.client, fixture.amqpPublisher)
            #expect(try await deadLetters.count() == 4)
            // Listed messages are returned to the queue, whichever part was listed.
            #expect(try await deadLetters.list().map(\.envelope) == sent.map(\.envelope))
            // However often it is looked at: RabbitMQ 4 drops what was redelivered 20 times, unless it is told not to.
            for _ in 0..<25 { #expect(try await deadLetters.list().count == 4) }
            #expect(try await deadLetters.list().map(\.envelope.id) == sent.map(\.envelope.id))
            // Several operators at the same time.
            try await concurrently(6) { _ in
                let count = try await deadLetters.list().count
                #expect(count == 4)
            }
            #expect(try await deadLetters.list(limit: 2).map(\.body) == sent.prefix(2).map(\.body))

            let replayed = try await deadLetters.replay([ByteString(sent[1].envelope.id)])
            try #require(replayed.map(\.id) == [sent[1].envelope.id])
            let source = try await fixture.source(of: fixture.queue)
            let back = try #require(await source.next())
            source.ack(back)
            #expect(back.map(\.body) == [sent[1].body])
            #expect(back[0].envelope.attempt == 1 && back[0].envelope.failure == nil)
            #expect(back[0].envelope.isReplay)

            #expect(try await deadLetters.drop([ByteString(sent[0].envelope.id)]).count == 1)
            let rest = try await deadLetters.list().map(\.envelope.id)
            #expect(rest == [sent[2].envelope.id, sent[3].envelope.id])
            #expect(try await deadLetters.drop().count == 2)
            try await eventually("the queue is empty") { try await deadLetters.count() == 0 }
        }
    }

    /// A look returns the messages to the queue in another order.
    @Test @Loop func manyMessagesHaveOneOrder() async throws {
        try await Transports.quorum.withFixture { fixture in
            let fixture = try #require(fixture as? RabbitMQTransportFixture)
            var sent = try Sample.messages(0..<300, by: fixture.publisher)
            for index in sent.indices {
                sent[index].destination = .queue(fixture.deadLetters)
                let time = "2026-11-30T20:19:39.\(100 + (index * 7) % 300)Z"
                sent[index].envelope.failure = Envelope.Failure(reason: "why", failedAt: time)
            }
            _ = await fixture.sender.send(sent, within: .seconds(5))
            let deadLetters = DeadLetterQueue(of: fixture.queue, fixture.client, fixture.amqpPublisher)
            let sorted = sent.sorted {
                ($0.envelope.failure?.failedAt ?? "") < ($1.envelope.failure?.failedAt ?? "")
            }.map(\.envelope.id)
            for _ in 0..<4 { #expect(try await deadLetters.list(limit: 2000).map(\.name) == sorted) }
        }
    }
}
