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
    @Test @Loop func aBatchIsRecordedToldAndCompleted() async throws {
        let bench = Bench()
        let orders = (1...3).map { Sample.order($0) }
        for order in orders { try await bench.accept(order) }
        #expect(try await bench.process.handle(orders.map { Sample.received($0) }) == [.done, .done, .done])
        for order in orders {
            #expect(try await bench.status(order) == "COMPLETED|\(order.orderID)")
            #expect(bench.store.orders[order.correlationID]?.status == .completed)
            #expect(bench.store.orders[order.correlationID]?.published == [1, 2])
            #expect(try await bench.workflow.pending(order.orderID) == nil)
        }
        #expect(
            bench.sender.events == ["order.processed.v1 1", "order.processed.v1 2", "order.processed.v1 3"])
        let body = bench.sender.sent[0].body
        let event = try OrderProcessed(decoding: body.span)
        #expect(event.orderID == orders[0].orderID)
        #expect(bench.sender.sent[0].envelope.causationID == "message-1")
    }

    @Test @Loop func aCancelledOrderIsRecordedAsCancelled() async throws {
        let bench = Bench()
        let order = Sample.order(1)
        try await bench.accept(order)
        _ = try await bench.workflow.advance([
            WorkflowStep(
                .cancelled, correlationID: order.correlationID, orderID: order.orderID, owner: order.customer)
        ])
        #expect(try await bench.handle(order) == [.done])
        #expect(bench.store.orders[order.correlationID]?.status == .cancelled)
        #expect(bench.sender.events == ["order.cancelled.v1 1"])
        #expect(try await bench.status(order) == "CANCELLED|1")
    }

    @Test @Loop func aRedeliveryChangesNothingAndSendsNothing() async throws {
        let bench = Bench()
        let order = Sample.order(1)
        for _ in 0..<3 { #expect(try await bench.handle(order) == [.done]) }
        #expect(bench.sender.sent.count == 1)
        #expect(bench.store.orders[order.correlationID]?.events.count == 2)
    }

    @Test @Loop func theSameOrderTwiceInABatchIsOne() async throws {
        let bench = Bench()
        let order = Sample.order(1)
        #expect(try await bench.handle(order, order) == [.done, .done])
        #expect(bench.sender.sent.count == 1)

        let verdicts = try await bench.handle(Sample.order(2), Sample.order(2, product: "AZ-900"))
        #expect(verdicts[0] == .done)
        #expect(verdicts[1].isPermanent)
    }

    @Test @Loop func anUnknownProductFailsAloneAndTouchesNothing() async throws {
        let bench = Bench()
        let verdicts = try await bench.handle(
            Sample.order(1), Sample.order(2, product: "XX-000"), Sample.order(3))
        #expect(verdicts.map(\.isPermanent) == [false, true, false])
        #expect(bench.store.orders.count == 2)
        #expect(try await bench.status(Sample.order(2)) == nil)
    }

    @Test @Loop func aNewProductIsFoundWithoutARestart() async throws {
        let bench = Bench()
        _ = try await bench.handle(Sample.order(1))
        bench.store.products["NEW-1"] = .euro
        // The catalogue is not read at every turn.
        try await eventually("the product is known") {
            try await bench.handle(Sample.order(2, product: "NEW-1")) == [.done]
        }
    }

    @Test @Loop func anOrderIDThatIsTakenIsRefused() async throws {
        let bench = Bench()
        let verdicts = try await bench.handle(Sample.order(1), Sample.order(2, id: 1))
        #expect(verdicts.map(\.isPermanent) == [false, true])
    }

    @Test @Loop func whatIsRecordedWinsOverALostStatus() async throws {
        let bench = Bench()
        let order = Sample.order(1)
        _ = try await bench.handle(order)
        bench.state.flush()
        #expect(try await bench.handle(order) == [.done])
        #expect(try await bench.status(order) == "COMPLETED|1")
        #expect(try await bench.workflow.owners(of: [order.correlationID]) == [order.customer])
        #expect(bench.sender.sent.count == 1)
    }

    @Test @Loop func whatWasConfirmedIsMarkedEvenWhenOthersFail() async throws {
        let bench = Bench()
        bench.sender.fault = { message in
            message.envelope.correlationID.hasSuffix("2") ? MessagingError(.unavailable) : nil
        }
        let error = await #expect(throws: HandlingError.self) {
            try await bench.process.handle((1...3).map { Sample.received(Sample.order($0)) })
        }
        #expect(error?.kind == .unavailable)
        bench.sender.fault = { _ in nil }
        _ = try await bench.process.handle((1...3).map { Sample.received(Sample.order($0)) })
        #expect(bench.sender.sent.count == 3)
    }
}

extension HandlingResult {
    var isPermanent: Bool {
        if case .failed(let error) = self { error.kind == .permanent } else { false }
    }
}
