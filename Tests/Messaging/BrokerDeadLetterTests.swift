import EventLoop
import Messaging
import Observability
import OrderEvents
import Orders
import TestSupport
import Testing

/// Messages that the broker dead-letters by itself get a reason, and their handler is notified.
@Suite(.onLoop, .timeLimit(.minutes(1)))
struct BrokerDeadLetterTests {
    enum Cause: CaseIterable, Sendable { case rejection, deliveryLimit }

    @Test(arguments: Cause.allCases, Transports.available.filter { $0 == .quorum })
    @Loop func getsItsReason(_ cause: Cause, _ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            let sent = try Sample.messages(0..<1, by: fixture.publisher)
            _ = await fixture.sender.send(sent, within: .seconds(5))
            let source = try await fixture.source(of: fixture.queue)
            let dead = OrderTopology.deadQueue(of: fixture.queue)
            switch cause {
            case .rejection: source.reject(try #require(await source.next()?.first))
            case .deliveryLimit:
                for _ in 0...20 { source.requeue([try #require(await source.next()?.first)]) }
            }
            try await eventually("the broker dead-letters it") { try await fixture.depth(of: dead) == 1 }
            let handler = RecordingHandler()
            let pipeline = ConsumePipeline(
                queue: fixture.queue, from: try await fixture.source(of: dead), to: fixture.sender,
                decoder: EventDecoder(OrderProcessed.self), handler: handler,
                retryPolicy: fixture.topology.retryPolicy)
            let run = Loop.task { try await pipeline.run() }
            let reason =
                cause == .rejection
                ? "It could not be read." : "It was delivered too often (the broker's delivery limit)."
            try await eventually("the handler is notified") { handler.deadLetterReasons == [reason] }
            await pipeline.drain(until: Loop.now + .seconds(10))
            run.cancel()
            let kept = try await fixture.source(of: fixture.deadLetters)
            let message = try #require(await kept.next()?.first)
            #expect(message.envelope.failure?.reason == reason && message.body == sent[0].body)
            #expect(message.envelope.failure?.failedAt.isEmpty == false)
            #expect(handler.handled.isEmpty)
            kept.ack([message])
        }
    }

    /// It may end its consumer each time: the limit comes before the broker's, and has a reason.
    @Test(arguments: Transports.available.filter { $0 == .quorum })
    @Loop func aMessageDeliveredTooOftenIsNotHandled(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            _ = await fixture.sender.send(
                try Sample.messages(0..<1, by: fixture.publisher), within: .seconds(5))
            let source = try await fixture.source(of: fixture.queue)
            for _ in 0..<15 { source.requeue([try #require(await source.next()?.first)]) }
            let handler = RecordingHandler()
            let pipeline = ConsumePipeline(
                queue: fixture.queue, from: source, to: fixture.sender,
                decoder: EventDecoder(OrderProcessed.self), handler: handler,
                retryPolicy: fixture.topology.retryPolicy)
            let run = Loop.task { try await pipeline.run() }
            try await eventually("it is dead-lettered") {
                handler.deadLetterReasons == ["It was delivered too often: it may end its consumer."]
            }
            await pipeline.drain(until: Loop.now + .seconds(10))
            run.cancel()
            #expect(handler.handled.isEmpty)
            #expect(try await fixture.depth(of: fixture.deadLetters) == 1)
        }
    }

    /// A broker in alarm confirms nothing: what needs a copy is held, and the queue continues.
    @Test @Loop func messagesThatNeedACopyAreHeldWhileNothingIsConfirmed() async throws {
        try await Transports.memory.withFixture { fixture in
            _ = await fixture.sender.send(
                try Sample.messages(0..<10, by: fixture.publisher), within: .seconds(5))
            let blocked = BlockedSender(fixture.sender)
            let handler = RecordingHandler()
            handler.result = { $0 < 5 ? .failed(HandlingError(.transient, "Later.")) : .done }
            let pipeline = ConsumePipeline(
                queue: fixture.queue, from: try await fixture.source(of: fixture.queue, batchLimit: 1),
                to: blocked,
                decoder: EventDecoder(OrderProcessed.self), handler: handler,
                retryPolicy: fixture.topology.retryPolicy)
            let run = Loop.task { try await pipeline.run() }
            try await eventually("the others are handled") { Set(handler.handled) == Set(0..<10) }
            #expect(handler.handled.count == 10 && handler.received.allSatisfy { !$0.isRedelivered })
            blocked.isBlocked = false
            handler.result = { _ in .done }
            try await eventually("the held ones are retried") { handler.handled.count == 15 }
            await pipeline.drain(until: Loop.now + .seconds(10))
            run.cancel()
            #expect(try await fixture.depth(of: fixture.deadLetters) == 0)
        }
    }

    @Loop
    private final class BlockedSender: MessageSender {
        private let sender: any MessageSender
        var isBlocked = true

        init(_ sender: any MessageSender) { self.sender = sender }

        func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
            isBlocked
                ? messages.map { _ in MessagingError(.unavailable) }
                : await sender.send(messages, within: limit)
        }

        func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
            if let error = await send([message], within: limit)[0] { throw error }
        }
    }
}
