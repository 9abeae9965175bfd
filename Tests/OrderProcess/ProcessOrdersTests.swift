import EventLoop
import MemoryAdapters
import Messaging
import OrderEvents
import OrderRecords
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderProcess

@Suite struct ProcessOrdersTests {
    @Test @Loop func aBatchIsRecordedPublishedAndCompleted() async throws {
        let fixture = Fixture()
        let orders = (1...3).map { Sample.order($0) }
        for order in orders { try await fixture.accept(order) }
        #expect(
            try await fixture.process.handle(orders.map { Sample.received($0) }) == [.done, .done, .done])
        for order in orders {
            #expect(try await fixture.status(order) == "COMPLETED|\(order.orderID)")
            #expect(fixture.store.orders[order.correlationID]?.status == .completed)
            #expect(fixture.store.orders[order.correlationID]?.published == [1, 2])
            #expect(try await fixture.workflow.pending(order.orderID) == nil)
        }
        #expect(
            fixture.sender.events == ["order.processed.v1 1", "order.processed.v1 2", "order.processed.v1 3"])
        let body = fixture.sender.sent[0].body
        let event = try OrderProcessed(decoding: body.span)
        #expect(event.orderID == orders[0].orderID)
        #expect(fixture.sender.sent[0].envelope.causationID == "message-1")
    }

    @Test @Loop func aCancelledOrderStaysCancelledWhateverRedisForgets() async throws {
        for isForgotten in [false, true] { try await cancelled(isForgotten) }
    }

    @Loop private func cancelled(_ isForgotten: Bool) async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        try await fixture.accept(order)
        try await fixture.cancel(order)
        if isForgotten { fixture.state.flush() }
        #expect(try await fixture.handle(order) == [.done])
        #expect(fixture.store.orders[order.correlationID]?.status == .cancelled)
        #expect(fixture.sender.events == ["order.cancelled.v1 1"])
        #expect(try await fixture.status(order) == "CANCELLED|1")
    }

    @Test @Loop func aRedeliveryChangesAndPublishesNothing() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        for _ in 0..<3 { #expect(try await fixture.handle(order) == [.done]) }
        #expect(fixture.sender.sent.count == 1)
        #expect(fixture.store.orders[order.correlationID]?.events.count == 2)
    }

    @Test @Loop func theSameOrderTwiceInABatchIsRecordedOnce() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        #expect(try await fixture.handle(order, order) == [.done, .done])
        #expect(fixture.sender.sent.count == 1)

        let results = try await fixture.handle(Sample.order(2), Sample.order(2, product: "AZ-900"))
        #expect(results[0] == .done)
        #expect(results[1].isPermanent)
    }

    @Test @Loop func anUnknownProductFailsAloneWithoutSideEffects() async throws {
        let fixture = Fixture()
        let results = try await fixture.handle(
            Sample.order(1), Sample.order(2, product: "XX-000"), Sample.order(3))
        #expect(results.map(\.isPermanent) == [false, true, false])
        #expect(fixture.store.orders.count == 2)
        #expect(try await fixture.status(Sample.order(2)) == nil)
    }

    @Test @Loop func aNewProductIsFoundWithoutARestart() async throws {
        let fixture = Fixture()
        _ = try await fixture.handle(Sample.order(1))
        fixture.store.products["NEW-1"] = .euro
        // The catalogue is not read at every turn.
        try await eventually("the product is known") {
            try await fixture.handle(Sample.order(2, product: "NEW-1")) == [.done]
        }
    }

    @Test @Loop func aTakenOrderIDIsRefused() async throws {
        let fixture = Fixture()
        let results = try await fixture.handle(Sample.order(1), Sample.order(2, id: 1))
        #expect(results.map(\.isPermanent) == [false, true])
    }

    @Test @Loop func theRecordedStatusWinsOverALostOne() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        _ = try await fixture.handle(order)
        fixture.state.flush()
        #expect(try await fixture.handle(order) == [.done])
        #expect(try await fixture.status(order) == "COMPLETED|1")
        #expect(
            try await fixture.workflow.owners(of: [order.correlationID]).map(\.?.user) == [order.customer])
        #expect(fixture.sender.sent.count == 1)
    }

    /// The relay publishes the others.
    @Test @Loop func confirmedEventsAreMarkedEvenWhenOthersFail() async throws {
        let fixture = Fixture()
        fixture.sender.fault = { message in
            message.envelope.correlationID.hasSuffix("2") ? MessagingError(.unavailable) : nil
        }
        let orders = (1...3).map { Sample.order($0) }
        #expect(
            try await fixture.process.handle(orders.map { Sample.received($0) }) == [.done, .done, .done])
        #expect(try await fixture.store.backlog().count == 1)
        fixture.sender.fault = { _ in nil }
        _ = try await fixture.process.handle(orders.map { Sample.received($0) })
        #expect(fixture.sender.sent.count == 3)
    }

    /// Redis does not know what PostgreSQL has: nothing is announced, and the status follows.
    @Test @Loop func processingIsNotAnnouncedWhenTheStatusIsForgotten() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        let channels = MemoryUserChannels(fixture.state)
        var heard: [OrderStatus] = []
        channels.onMessage = { _, publication in heard.append(publication.update.status) }
        try await channels.listen(for: order.customer)
        try await fixture.accept(order)
        _ = try await fixture.handle(order)
        #expect(heard == [.processing])
        fixture.state.flush()
        try await channels.listen(for: order.customer)
        _ = try await fixture.handle(order)
        #expect(heard == [.processing])
        #expect(try await fixture.status(order) == "COMPLETED|1")
    }

    @Test @Loop func processingIsNotLaterThanTheOutcome() async throws {
        let fixture = Fixture(ticking: true)
        let order = Sample.order(1)
        let channels = MemoryUserChannels(fixture.state)
        var times: [Timestamp] = []
        channels.onMessage = { _, publication in times.append(publication.update.occurredAt) }
        try await channels.listen(for: order.customer)
        try await fixture.accept(order)
        _ = try await fixture.handle(order)
        let body = try #require(fixture.sender.sent.first).body
        let event = try OrderProcessed(decoding: body.span)
        #expect(times.count == 1 && times[0] < event.processedAt)
    }

    /// The edge or the client may have been answered with the repetition's ids alone.
    @Test(arguments: [OrderStatus.completed, .failed, .cancelled])
    @Loop func aRepeatedRequestHearsItsOutcomeByItsOwnIDs(outcome: OrderStatus) async throws {
        let fixture = Fixture()
        let (first, second) = (Sample.order(1, key: "k"), Sample.order(2, key: "k", customer: 1))
        for order in [first, second] { try await fixture.accept(order) }
        switch outcome {
        case .failed: try await fixture.process.deadLettered(Sample.deadLettered(first, "broken"))
        case .cancelled: try await fixture.cancel(first)
        default: _ = try await fixture.handle(first)
        }
        #expect(try await fixture.handle(second) == [.done])
        #expect(try await fixture.status(second) == "\(outcome.wireName)|2")
        let told = try #require(fixture.sender.sent.last)
        #expect(told.envelope.correlationID == second.correlationID.description)
        #expect(told.envelope.causationID == "message-2")
        switch outcome {
        case .failed:
            let event = try OrderFailed(decoding: told.body.span)
            #expect(event.correlationID == second.correlationID && event.orderID == second.orderID)
            #expect(event.reason == "broken")
        case .cancelled:
            let event = try OrderCancelled(decoding: told.body.span)
            #expect(event.correlationID == second.correlationID && event.orderID == second.orderID)
        default:
            let event = try OrderProcessed(decoding: told.body.span)
            #expect(event.correlationID == second.correlationID && event.orderID == second.orderID)
        }
    }

    /// There is no event in the outbox that the relay would publish: the message waits.
    @Test @Loop func theOutcomeOfARepeatedRequestIsNotLost() async throws {
        let fixture = Fixture()
        let (first, second) = (Sample.order(1, key: "k"), Sample.order(2, key: "k", customer: 1))
        _ = try await fixture.handle(first)
        fixture.sender.fault = { _ in MessagingError(.unavailable) }
        let third = Sample.order(3)
        #expect(try await fixture.handle(second, third) == [.deferred, .done])
        await #expect(throws: HandlingError.self) {
            try await fixture.process.handleDeferred(Sample.received(second))
        }
        await #expect(throws: HandlingError.self) {
            try await fixture.process.deadLettered(Sample.deadLettered(second, "delivered too often"))
        }
        fixture.sender.fault = { _ in nil }
        #expect(try await fixture.process.handleDeferred(Sample.received(second)) == .done)
        #expect(fixture.sender.events == ["order.processed.v1 1", "order.processed.v1 2"])
    }

    /// A request that repeated a key which Redis had forgotten.
    @Test @Loop func twoMessagesWithOneKeyBecomeOneOrder() async throws {
        for isOneBatch in [false, true] {
            let fixture = Fixture()
            let (first, second) = (Sample.order(1, key: "k"), Sample.order(2, key: "k", customer: 1))
            for order in [first, second] { try await fixture.accept(order) }
            if isOneBatch {
                #expect(try await fixture.handle(first, second) == [.done, .done])
            } else {
                #expect(try await fixture.handle(first) == [.done])
                #expect(try await fixture.handle(second) == [.done])
            }
            #expect(fixture.store.orders.count == 1)
            #expect(fixture.sender.events == ["order.processed.v1 1", "order.processed.v1 2"])
            for order in [first, second] {
                #expect(try await fixture.status(order) == "COMPLETED|\(order.orderID)")
                #expect(try await fixture.workflow.pending(order.orderID) == nil)
            }
            #expect(fixture.state.queued.isEmpty)
        }
    }
}

extension HandlingResult {
    var isPermanent: Bool {
        if case .failed(let error) = self { error.kind == .permanent } else { false }
    }
}
