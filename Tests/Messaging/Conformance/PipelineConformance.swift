import EventLoop
import Messaging
import Observability
import OrderEvents
import Orders
import TestSupport
import Testing

/// Behaviour of the pipelines on every transport.
@Suite(.onLoop, .timeLimit(.minutes(1)))
struct PipelineConformance {
    @Loop private func work(
        _ transport: Transports, _ handler: RecordingHandler, batchLimit: Int = 128,
        prepare: @Loop (any TransportFixture) async throws -> Void,
        until done: @escaping @Loop (any TransportFixture) async throws -> Bool,
        check: @Loop (any TransportFixture) async throws -> Void = { _ in }
    ) async throws {
        try await transport.withFixture { fixture in
            try await prepare(fixture)
            let source = try await fixture.source(of: fixture.queue, batchLimit: batchLimit)
            let pipeline = ConsumePipeline(
                queue: fixture.queue, from: source, to: fixture.sender,
                decoder: EventDecoder(OrderProcessed.self),
                handler: handler, retryPolicy: fixture.topology.retryPolicy)
            let run = Loop.task { try await pipeline.run() }
            try await eventually("the messages are handled", within: .seconds(30)) { try await done(fixture) }
            await pipeline.drain(until: Loop.now + .seconds(10))
            run.cancel()
            try await check(fixture)
            let depth0 = try await fixture.depth(of: fixture.queue)
            #expect(depth0 == 0)
        }
    }

    @Loop private func send(_ numbers: Range<Int>, _ fixture: any TransportFixture) async throws {
        let failures = await fixture.publisher.publish(try Sample.messages(numbers, by: fixture.publisher))
        #expect(failures.allSatisfy { $0 == nil })
    }

    @Test(arguments: Transports.available)
    @Loop func handlesEventsInOrderWithTheirContext(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        let event = Sample.processed(1)
        try await work(
            transport, handler,
            prepare: { fixture in
                try await send(0..<1, fixture)
                var context = Sample.context(event)
                context.causationID = "cause"
                context.trace = .root()
                try await fixture.publisher.publish(event, in: context)
                let depth2 = try await fixture.depth(of: fixture.queue)
                #expect(depth2 == 2)
            },
            until: { _ in handler.handled.count == 2 },
            check: { fixture in
                #expect(handler.handled == [0, 1])
                let received = handler.received[1]
                #expect(received.event == event && received.envelope.causationID == "cause")
                #expect(received.context.correlationID == event.correlationID.description)
                #expect(received.context.causationID == received.envelope.id)
                #expect(received.context.trace?.traceID == received.envelope.trace?.traceID)
                #expect(received.context.trace?.spanID != received.envelope.trace?.spanID)
                let depth0 = try await fixture.depth(of: fixture.deadLetters)
                #expect(depth0 == 0)
            })
    }

    @Test(arguments: Transports.available)
    @Loop func deadLettersOnlyTheFailingMessageOfABatch(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        handler.failBatch = { $0.contains(3) ? HandlingError(.permanent, "Three is invalid.") : nil }
        try await work(
            transport, handler,
            prepare: { try await send(0..<8, $0) },
            until: { _ in handler.deadLetterReasons == ["Three is invalid."] && handler.handled.contains(7) },
            check: { fixture in
                #expect(Set(handler.handled) == Set(0..<8))
                let deadLetterSource = try await fixture.source(of: fixture.deadLetters)
                let deadLetter = try #require(await deadLetterSource.next())
                deadLetterSource.ack(deadLetter)
                #expect(
                    deadLetter.count == 1 && deadLetter[0].envelope.failure?.reason == "Three is invalid.")
                #expect(deadLetter[0].body == Sample.processed(3).encode())
                #expect(handler.deadLetterEvents == [3])
            })
    }

    @Test(arguments: Transports.available)
    @Loop func deadLettersUndecodableMessagesWithAReason(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        try await work(
            transport, handler,
            prepare: { fixture in
                var messages = try Sample.messages(0..<4, by: fixture.publisher)
                messages[0].body = Array("{".utf8)
                messages[1].envelope.type = "order.processed.v9"
                messages[2].envelope.type = ""
                _ = await fixture.sender.send(messages, within: .seconds(5))
            },
            until: { _ in handler.deadLetterReasons.count == 3 && handler.handled == [3] },
            check: { fixture in
                #expect(handler.deadLetterEvents == [nil, nil, nil])
                #expect(handler.deadLetterReasons[1] == "Version order.processed.v9 is not understood.")
                let depth3 = try await fixture.depth(of: fixture.deadLetters)
                #expect(depth3 == 3)
            })
    }

    @Test(arguments: Transports.available)
    @Loop func retriesTransientFailuresThenDeadLetters(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        handler.result = { $0 == 1 ? .failed(HandlingError(.transient, "Not yet.")) : .done }
        try await work(
            transport, handler,
            prepare: { try await send(0..<3, $0) },
            until: { _ in handler.deadLetterReasons.count == 1 },
            check: { fixture in
                let attempts = handler.received.filter { Sample.number($0.event) == 1 }.map(
                    \.envelope.attempt)
                #expect(attempts == [1, 2])
                #expect(
                    Set(handler.received.filter { Sample.number($0.event) == 1 }.map(\.envelope.id)).count
                        == 1)
                let depth1 = try await fixture.depth(of: fixture.deadLetters)
                #expect(depth1 == 1)
            })
    }

    @Test(arguments: Transports.available)
    @Loop func anUnavailableServerCountsNoAttempt(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        var failures = 3
        handler.failBatch = { _ in
            failures -= 1
            return failures >= 0 ? HandlingError(.unavailable, "The database is unavailable.") : nil
        }
        try await work(
            transport, handler,
            prepare: { try await send(0..<5, $0) },
            // A broker may deliver the five in more than one batch.
            until: { _ in Set(handler.batches.dropFirst(3).joined()) == Set(0..<5) },
            check: { fixture in
                #expect(handler.batches.prefix(4).allSatisfy { $0 == handler.batches[0] })
                #expect(handler.received.allSatisfy { $0.envelope.attempt == 1 })
                let depth0 = try await fixture.depth(of: fixture.deadLetters)
                #expect(depth0 == 0)
            })
    }

    @Test(arguments: Transports.available)
    @Loop func handlesRedeliveredMessagesIndividually(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        try await work(
            transport, handler,
            prepare: { fixture in
                try await send(0..<3, fixture)
                let source = try await fixture.source(of: fixture.queue)
                var taken = 0
                while taken < 3, let batch = await source.next() { taken += batch.count }
                await source.stop()
                try await fixture.interrupt(afterStopping: source)
            },
            until: { _ in handler.handled.count == 3 },
            check: { _ in #expect(handler.batches == [[0], [1], [2]]) })
    }

    /// Brokers differ in what they count as a delivery, so only this pipeline's own attempts count.
    @Test(arguments: Transports.available)
    @Loop func unhandledDeliveriesCountNoAttempt(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        handler.result = { _ in .failed(HandlingError(.transient, "Not yet.")) }
        try await work(
            transport, handler,
            prepare: { fixture in
                try await send(0..<1, fixture)
                for _ in 0..<5 {
                    let source = try await fixture.source(of: fixture.queue)
                    _ = await source.next()
                    await source.stop()
                    try await fixture.interrupt(afterStopping: source)
                }
            },
            until: { _ in handler.deadLetterReasons.count == 1 },
            check: { fixture in
                // Both steps of a retry policy with one delay and then the dead-letter queue, as if it had not
                // been delivered before.
                #expect(handler.received.map(\.envelope.attempt) == [1, 2])
                #expect(handler.received.map(\.isRedelivered) == [true, false])
                let deadLetterCount = try await fixture.depth(of: fixture.deadLetters)
                #expect(deadLetterCount == 1)
            })
    }

    @Test(arguments: Transports.available)
    @Loop func repeatsTheDeadLetterCallbackUntilItSucceeds(_ transport: Transports) async throws {
        let handler = RecordingHandler()
        handler.failingDeadLetterCalls = 2
        handler.result = { _ in .failed(HandlingError(.permanent, "No.")) }
        try await work(
            transport, handler, prepare: { try await send(0..<1, $0) },
            until: { _ in handler.deadLetterReasons == ["No."] })
    }
}
