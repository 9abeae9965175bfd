import EventLoop
import MemoryAdapters
import Messaging
import OrderEvents
import OrderRecords
import Orders
import Testing
import WorkflowState

@testable import OrderProcess

@Suite struct DeadLetterTests {
    @Test @Loop func aFailedOrderIsRecordedAndItsOwnerNotified() async throws {
        let fixture = Fixture()
        let order = Sample.order(2, product: "XX-000")
        try await fixture.accept(order)
        try await fixture.process.deadLettered(Sample.deadLettered(order, "Product XX-000 does not exist."))
        #expect(fixture.sender.events == ["order.failed.v1 2"])
        let body = fixture.sender.sent[0].body
        let event = try OrderFailed(decoding: body.span)
        #expect(event.reason.contains("XX-000"))
        #expect(try await fixture.status(order) == "FAILED|2")
        #expect(fixture.store.orders[order.correlationID]?.status == .failed)
        #expect(fixture.store.orders[order.correlationID]?.published == [1, 2])
        #expect(fixture.store.orders[order.correlationID]?.order.failureCode == .processingFailed)
    }

    /// A crash after the record and before the rest, until the broker gives up.
    @Test @Loop func theStatusOfARecordedOrderIsFinishedByItsDeadLetter() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        try await fixture.accept(order)
        fixture.sender.fault = { _ in MessagingError(.unavailable) }
        fixture.state.fault = WorkflowStateError(.unavailable, isRetriable: true)
        _ = try await fixture.handle(order)
        fixture.state.fault = nil
        #expect(try await fixture.status(order) == "ACCEPTED")
        fixture.sender.fault = { _ in nil }
        try await fixture.process.deadLettered(Sample.deadLettered(order, "delivery limit"))
        #expect(try await fixture.status(order) == "COMPLETED|1")
        #expect(fixture.sender.events == ["order.processed.v1 1"])
    }

    @Test @Loop func theOwnerIsNotifiedEvenIfTheFailureIsNotRecorded() async throws {
        let fixture = Fixture()
        _ = try await fixture.handle(Sample.order(1))
        let thief = Sample.order(2, id: 1)
        try await fixture.process.deadLettered(Sample.deadLettered(thief, "taken"))
        #expect(fixture.sender.events == ["order.processed.v1 1", "order.failed.v1 2"])
        #expect(fixture.store.orders.count == 1)
    }

    @Test @Loop func aCompletedOrderIsNotReportedAsFailed() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        _ = try await fixture.handle(order)
        try await fixture.process.deadLettered(Sample.deadLettered(order, "why"))
        #expect(fixture.sender.events == ["order.processed.v1 1"])
        #expect(try await fixture.status(order) == "COMPLETED|1")
    }

    @Test @Loop func theOwnerNamedByAnUnreadableOrderIsNotified() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        try await fixture.accept(order)
        let text = String(decoding: order.encode(), as: UTF8.self)
        for (body, isTold) in [
            ("{", false), (text.replacing("\"orderId\":1,", with: ""), false),
            (text.replacing("\"quantity\":2", with: "\"quantity\":0"), true),
        ] {
            try await fixture.process.deadLettered(
                DeadLetter(Sample.envelope(order), nil, body: Array(body.utf8), reason: "quantity"))
            #expect(fixture.sender.events == (isTold ? ["order.failed.v1 1"] : []))
            #expect(try await fixture.status(order) == (isTold ? "FAILED|1" : "ACCEPTED"))
        }
        let record = try #require(fixture.store.orders[order.correlationID]?.order)
        #expect(record.status == .failed && record.failureCode == .invalidOrder)
        #expect(record.contents.customer == order.customer && record.contents.lines.isEmpty)
        try await fixture.process.deadLettered(
            DeadLetter(
                Sample.envelope(Sample.order(2)), nil, body: Array(text.utf8), reason: "another's body"))
        #expect(fixture.sender.sent.count == 1)
    }

    /// A message's time comes from outside.
    @Test(arguments: [0, 253_402_300_799, UInt64(Int64.max), .max])
    @Loop func noTimeOfAnUnreadableOrderIsTooLarge(seconds: UInt64) async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        try await fixture.accept(order)
        let body = String(decoding: order.encode(), as: UTF8.self)
            .replacing("\"quantity\":2", with: "\"quantity\":0")
        var envelope = Sample.envelope(order)
        envelope.timestamp = seconds
        try await fixture.process.deadLettered(
            DeadLetter(envelope, nil, body: Array(body.utf8), reason: "quantity"))
        let time = fixture.store.orders[order.correlationID]?.order.contents.acceptedAt
        #expect(time?.milliseconds == Int64(min(seconds, 253_402_300_799)) * 1000)
    }

    @Test @Loop func theOriginalOfADeadLetteredMessageIsAcknowledged() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        try await fixture.process.deadLettered(Sample.deadLettered(order, "why"))
        #expect(try await fixture.handle(order) == [.done])
        #expect(fixture.sender.events == ["order.failed.v1 1"])
        #expect(try await fixture.status(order) == "FAILED|1")
    }

    @Test @Loop func aReplayHoursLaterCompletesTheOrder() async throws {
        let fixture = Fixture()
        let order = Sample.order(1)
        try await fixture.accept(order)
        try await fixture.process.deadLettered(Sample.deadLettered(order, "why"))
        for isExpired in [false, true] {
            if isExpired { fixture.state.advance(by: .seconds(3 * 3600)) }
            let results = try await fixture.process.handle([Sample.received(order, isReplay: true)])
            #expect(results == [.done])
            #expect(try await fixture.status(order) == "COMPLETED|1")
            #expect(
                try await fixture.workflow.owners(of: [order.correlationID]).map(\.?.user) == [order.customer]
            )
            #expect(fixture.store.orders[order.correlationID]?.status == .completed)
        }
        #expect(fixture.sender.events == ["order.failed.v1 1", "order.processed.v1 1"])
    }
}
