import EventLoop
import MemoryAdapters
import Messaging
import OrderEvents
import Orders
import TestSupport
import Testing

@Suite(.onLoop, .timeLimit(.minutes(1)))
struct PipelineTests {
    private let topology = OrderTopology(retryPolicy: RetryPolicy(delays: [.milliseconds(20)]))

    @Test @Loop func requeuesTheOriginalWhenItsCopyIsNotConfirmed() async throws {
        let broker = MemoryBroker(topology.declarations)
        let publisher = EventPublisher(broker.sender(), appID: "test")
        _ = await publisher.publish(try Sample.messages(0..<1, by: publisher))
        let handler = RecordingHandler()
        handler.result = { _ in
            broker.outage = MessagingError(.unavailable)
            return .failed(HandlingError(.permanent, "No."))
        }
        let queue = topology.queue(.processed)
        let pipeline = ConsumePipeline(
            queue: queue, from: broker.source(of: queue), to: broker.sender(),
            decoder: EventDecoder(OrderProcessed.self), handler: handler)
        let run = Loop.task { try await pipeline.run() }
        try await eventually("the message is handled") { handler.handled.count == 1 }
        await pipeline.drain(until: Loop.now + .seconds(10))
        run.cancel()
        #expect(broker.depth(of: queue) == 1 && handler.deadLetterReasons.isEmpty)
    }

    @Test @Loop func aDeferredMessageDoesNotBlockTheQueue() async throws {
        let broker = MemoryBroker(topology.declarations)
        let publisher = EventPublisher(broker.sender(), appID: "test")
        _ = await publisher.publish(try Sample.messages(0..<2, by: publisher))
        let handler = RecordingHandler()
        handler.result = { $0 == 0 ? .deferred : .done }
        let queue = topology.queue(.processed)
        let pipeline = ConsumePipeline(
            queue: queue, from: broker.source(of: queue), to: broker.sender(),
            decoder: EventDecoder(OrderProcessed.self), handler: handler)
        let run = Loop.task { try await pipeline.run() }
        try await eventually("the deferred message is handled") { handler.undecided != nil }
        _ = await publisher.publish(try Sample.messages(2..<3, by: publisher))
        try await eventually("the next message is handled") { handler.handled == [0, 1, 2] }
        let drain = Loop.task { await pipeline.drain(until: Loop.now + .seconds(10)) }
        handler.undecided?.resume(returning: .failed(HandlingError(.permanent, "No.")))
        await drain.value
        run.cancel()
        #expect(handler.deadLetterReasons == ["No."] && broker.depth(of: queue) == 0)
    }

    /// They would fill the consumer's window, and no other message would arrive.
    @Test @Loop func deferredMessagesOfAnAbsentServerAreSetAside() async throws {
        let topology = OrderTopology(
            retryPolicy: RetryPolicy(delays: [.milliseconds(20), .milliseconds(40)]))
        let broker = MemoryBroker(topology.declarations)
        let publisher = EventPublisher(broker.sender(), appID: "test")
        let handler = RecordingHandler()
        handler.result = { _ in .deferred }
        handler.failDeferred = { _ in throw HandlingError(.unavailable, "away") }
        let queue = topology.queue(.processed)
        let pipeline = ConsumePipeline(
            queue: queue, from: broker.source(of: queue), to: broker.sender(),
            decoder: EventDecoder(OrderProcessed.self), handler: handler, retryPolicy: topology.retryPolicy)
        let run = Loop.task { try await pipeline.run() }
        let aside = OrderTopology.retryQueue(queue, after: .milliseconds(40))
        _ = await publisher.publish(try Sample.messages(0..<100, by: publisher))
        try await eventually("some are set aside") { broker.depth(of: aside) > 0 }
        #expect(!pipeline.isWaitingForDependency)
        var done: Set<Int> = []
        handler.failDeferred = { number in
            done.insert(number)
            return .done
        }
        try await eventually("all are done") { done.count == 100 }
        #expect(handler.received.allSatisfy { $0.envelope.attempt == 1 })
        #expect(handler.deadLetterReasons.isEmpty)
        await pipeline.drain(until: Loop.now + .seconds(10))
        run.cancel()
    }

    @Test @Loop func drainingDuringAnOutageRequeuesTheBatch() async throws {
        let broker = MemoryBroker(topology.declarations)
        let publisher = EventPublisher(broker.sender(), appID: "test")
        _ = await publisher.publish(try Sample.messages(0..<5, by: publisher))
        let handler = RecordingHandler()
        handler.failBatch = { _ in HandlingError(.unavailable, "away") }
        let queue = topology.queue(.processed)
        let pipeline = ConsumePipeline(
            queue: queue, from: broker.source(of: queue), to: broker.sender(),
            decoder: EventDecoder(OrderProcessed.self), handler: handler)
        let run = Loop.task { try await pipeline.run() }
        try await eventually("the pipeline waits for the dependency") { pipeline.isWaitingForDependency }
        await pipeline.drain(until: Loop.now + .seconds(10))
        run.cancel()
        #expect(broker.depth(of: queue) == 5 && !pipeline.isWaitingForDependency)
    }
}

@Suite(.onLoop) struct PublisherTests {
    private final class Discard: MessageSender {
        nonisolated init() {}
        func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
            messages.map { _ in nil }
        }
        func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {}
    }

    @Test @Loop func enrichesAndRoutes() throws {
        let publisher = EventPublisher(Discard(), appID: "order-process")
        let event = Sample.processed(1)
        let message = try publisher.prepare(event, in: Sample.context(event))
        #expect(message.destination == .event(key: "order.processed"))
        #expect(message.envelope.type == "order.processed.v1" && message.envelope.appID == "order-process")
        #expect(CorrelationID(message.envelope.id)?.version == 7)
        #expect(message.envelope.attempt == 1 && message.envelope.timestamp > 1_700_000_000)
        #expect(message.body == event.encode())
        let ids = try (0..<1000).map { _ in
            try publisher.prepare(event, in: Sample.context(event)).envelope.id
        }
        #expect(Set(ids).count == 1000 && ids == ids.sorted())
        #expect(try publisher.prepare(event, in: Sample.context(event), id: "again").envelope.id == "again")
    }

    @Test @Loop func refusesInvalidEvents() {
        let publisher = EventPublisher(Discard(), appID: "test")
        let event = Sample.processed(1)
        #expect(throws: MessagingError.self) {
            try publisher.prepare(event, in: MessageContext(correlationID: "x"))
        }
        let context = MessageContext(correlationID: "c")
        #expect(throws: MessagingError.self) { try publisher.prepare(.processed, body: [], in: context) }
        let large = [UInt8](repeating: 32, count: EventPublisher.bodyLimit + 1)
        #expect(throws: MessagingError.self) { try publisher.prepare(.processed, body: large, in: context) }
    }

    /// Slow from a missed confirm until the next confirm; other failures say nothing about confirms.
    @Test @Loop func aMissedConfirmMakesThePublisherSlow() async throws {
        let sender = FailingSender()
        let publisher = EventPublisher(sender, appID: "test")
        let event = Sample.processed(1)
        let message = try publisher.prepare(event, in: Sample.context(event))
        for (code, isSlow) in [
            (nil, false), (.unavailable, false), (.unknownOutcome, true), (.overloaded, true), (nil, false),
        ] as [(MessagingError.Code?, Bool)] {
            sender.failure = code.map { MessagingError($0) }
            do throws(MessagingError) {
                try await publisher.publish(message, within: .seconds(1))
                #expect(code == nil)
            } catch {
                #expect(error.code == code)
            }
            #expect(publisher.isSlow == isSlow)
        }
    }
}

@Loop private final class FailingSender: MessageSender {
    var failure: MessagingError?

    func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        if let failure { throw failure }
    }

    func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
        messages.map { _ in failure }
    }
}
