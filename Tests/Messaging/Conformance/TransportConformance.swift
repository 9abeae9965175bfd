import EventLoop
import Messaging
import OrderEvents
import Orders
import TestSupport
import Testing

/// Behaviour required of every transport.
@Suite(.onLoop, .timeLimit(.minutes(1)))
struct TransportConformance {
    @Loop private func take(_ count: Int, from source: any MessageSource) async -> [InboundMessage] {
        var messages: [InboundMessage] = []
        while messages.count < count, let batch = await source.next() { messages += batch }
        return messages
    }

    @Test(arguments: Transports.available)
    @Loop func deliversMessagesUnchangedAndInOrder(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            let sent = try Sample.messages(0..<300, by: fixture.publisher)
            let failures = await fixture.sender.send(sent, within: .seconds(5))
            #expect(failures.allSatisfy { $0 == nil })
            let source = try await fixture.source(of: fixture.queue, batchLimit: 50)
            var messages: [InboundMessage] = []
            while messages.count < 300, let batch = await source.next() {
                #expect(batch.count <= 50)
                messages += batch
                source.ack(batch)
            }
            #expect(messages.map(\.envelope) == sent.map(\.envelope))
            #expect(messages.map(\.body) == sent.map(\.body))
            #expect(messages.allSatisfy { !$0.isRedelivered && !$0.isDefective })
        }
    }

    @Test(arguments: Transports.available)
    @Loop func anUnboundEventIsUnroutable(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            var messages = try Sample.messages(0..<3, by: fixture.publisher)
            messages[1].destination = .event(key: "order.unheard-of")
            let failures = await fixture.sender.send(messages, within: .seconds(5))
            #expect(failures.map { $0?.code } == [nil, .unroutable, nil])
            messages[0].destination = .queue("nowhere")
            await #expect(throws: MessagingError.self) {
                try await fixture.sender.send(messages[0], within: .seconds(5))
            }
            let depth2 = try await fixture.depth(of: fixture.queue)
            #expect(depth2 == 2)
        }
    }

    @Test(arguments: Transports.available)
    @Loop func redeliversUnsettledMessagesAndIgnoresOldAcks(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            let sent = try Sample.messages(0..<3, by: fixture.publisher)
            _ = await fixture.sender.send(sent, within: .seconds(5))
            let source = try await fixture.source(of: fixture.queue)
            let first = await take(3, from: source)
            try await fixture.interrupt()
            let again = await take(3, from: source)
            #expect(again.map(\.envelope.id) == sent.map(\.envelope.id))
            #expect(again.map(\.isRedelivered) == [true, true, true])
            source.ack(first)
            source.reject(first[0])
            // Had the old acks been applied to the new deliveries, the queue's depth would have changed by
            // now.
            for _ in 0..<3 { _ = try await fixture.depth(of: fixture.queue) }
            try await fixture.interrupt()
            let third = await take(3, from: source)
            #expect(third.map(\.envelope.id) == sent.map(\.envelope.id))
            source.ack(third)
        }
    }

    @Test(arguments: Transports.available)
    @Loop func requeuedMessagesReturnAndRejectedOnesAreDeadLettered(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            let sent = try Sample.messages(0..<2, by: fixture.publisher)
            _ = await fixture.sender.send(sent, within: .seconds(5))
            let source = try await fixture.source(of: fixture.queue)
            let messages = await take(2, from: source)
            source.requeue([messages[0]])
            source.reject(messages[1])
            let again = await take(1, from: source)
            #expect(again.map(\.envelope.id) == [sent[0].envelope.id] && again[0].isRedelivered)
            source.ack(again)
            let deadLetterSource = try await fixture.source(of: OrderTopology.deadQueue(of: fixture.queue))
            let deadLetter = await take(1, from: deadLetterSource)
            #expect(deadLetter.map(\.body) == [sent[1].body])
            deadLetterSource.ack(deadLetter)
        }
    }

    @Test(arguments: Transports.available)
    @Loop func aRetryQueueDeadLettersBackAfterItsDelay(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            var message = try Sample.messages(0..<1, by: fixture.publisher)[0]
            message.envelope.attempt = 2
            let delay = fixture.topology.retryPolicy.delays[0]
            message.destination = .queue(OrderTopology.retryQueue(fixture.queue, after: delay))
            let start = Loop.now
            try await fixture.sender.send(message, within: .seconds(5))
            let source = try await fixture.source(of: fixture.queue)
            let back = await take(1, from: source)
            #expect(start.duration(to: .systemNow()) >= delay)
            #expect(back.map(\.envelope) == [message.envelope])
            source.ack(back)
        }
    }

    @Test(arguments: Transports.available)
    @Loop func aStoppedSourceReturnsNil(_ transport: Transports) async throws {
        try await transport.withFixture { fixture in
            let source = try await fixture.source(of: fixture.queue)
            let waiting = Loop.task { await source.next() }
            await Task.yield()
            await source.stop()
            #expect(await waiting.value == nil)
            #expect(await source.next() == nil)
        }
    }
}
