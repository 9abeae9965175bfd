import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderProcess

/// The use case in its pipeline, on a broker in memory.
@Suite struct OutageTests {
    @Loop
    final class Line {
        let fixture = Fixture()
        let topology = OrderTopology(retryPolicy: RetryPolicy(delays: [.milliseconds(1)]))
        let broker: MemoryBroker
        let pipeline: ConsumePipeline<ProcessOrders>
        private let work: Task<Void, Never>

        init() {
            broker = MemoryBroker(topology.declarations)
            let process = ProcessOrders(
                store: fixture.store, workflow: fixture.workflow,
                publisher: EventPublisher(broker.sender(), appID: "order-process"),
                metrics: ProcessingMetrics(Metrics()))
            let pipeline = ConsumePipeline(
                queue: "order.accepted", from: broker.source(of: "order.accepted"), to: broker.sender(),
                decoder: EventDecoder(OrderAccepted.self), handler: process, retryPolicy: topology.retryPolicy
            )
            self.pipeline = pipeline
            work = Loop.task { try? await pipeline.run() }
        }

        func send(_ orders: OrderAccepted..., type: String = "order.accepted.v1") async throws {
            for order in orders {
                var envelope = Sample.envelope(order)
                envelope.type = type
                try await broker.sender().send(
                    OutboundMessage(to: .event(key: "order.accepted"), envelope, body: order.encode()),
                    within: .seconds(1))
            }
        }

        func stop() async {
            await pipeline.drain(until: Loop.now + .seconds(10))
            work.cancel()
        }
    }

    @Test(arguments: [OrderRecordsError.Code.unavailable, .contended])
    @Loop func withoutPostgresTheBatchWaitsAndNoAttemptIsCounted(code: OrderRecordsError.Code) async throws {
        let line = Line()
        line.fixture.store.failure = OrderRecordsError(code, "away")
        try await line.send(Sample.order(1), Sample.order(2))
        try await eventually("the batch waits") { line.pipeline.isWaitingForDependency }
        line.fixture.store.failure = nil
        try await eventually("the orders are done") { line.broker.depth(of: "order.processed") == 2 }
        let processed = line.broker.contents(of: "order.processed")
        #expect(
            processed.map(\.envelope.correlationID) == [1, 2].map { Sample.correlationID($0).description })
        #expect(line.broker.depth(of: "order.accepted.dlq") == 0)
        #expect(line.fixture.store.orders.count == 2)
        await line.stop()
    }

    @Test @Loop func withoutRedisOrdersAreProcessed() async throws {
        let line = Line()
        line.fixture.state.fault = WorkflowStateError(.unavailable, isRetriable: true)
        try await line.send(Sample.order(1), Sample.order(2))
        try await eventually("the orders are done") { line.broker.depth(of: "order.processed") == 2 }
        #expect(!line.pipeline.isWaitingForDependency)
        await line.stop()
    }

    @Test @Loop func aRefusedOrderIsDeadLetteredAloneAndItsOwnerIsNotified() async throws {
        let line = Line()
        // Known to nobody but the handler's list: the store refuses the whole batch, which is taken apart.
        line.fixture.store.products["GONE"] = .euro
        try await line.send(Sample.order(1))
        try await eventually("the products are read") { line.broker.depth(of: "order.processed") == 1 }
        line.fixture.store.products["GONE"] = nil
        try await line.send(Sample.order(2), Sample.order(3, product: "GONE"), Sample.order(4))
        try await line.send(Sample.order(5), type: "order.accepted.v2")
        try await eventually("all are settled") {
            line.broker.depth(of: "order.processed") == 3 && line.broker.depth(of: "order.failed") == 2
        }
        let deadLetters = line.broker.contents(of: "order.accepted.dlq")
        #expect(deadLetters.count == 2)
        #expect(deadLetters.allSatisfy { $0.envelope.failure != nil })
        #expect(try await line.fixture.status(Sample.order(3)) == "FAILED|3")
        #expect(try await line.fixture.status(Sample.order(5)) == "FAILED|5")
        await line.stop()
    }

    @Test @Loop func aPersistentErrorIsRetriedThenDeadLettered() async throws {
        let line = Line()
        line.fixture.store.failure = OrderRecordsError(.failed, "internal error")
        try await line.send(Sample.order(1))
        try await eventually("the message is dead-lettered") {
            line.broker.depth(of: "order.accepted.dlq") == 1
        }
        #expect(line.broker.contents(of: "order.accepted.dlq")[0].envelope.attempt == 2)
        line.fixture.store.failure = nil
        try await eventually("its owner is told") { line.broker.depth(of: "order.failed") == 1 }
        await line.stop()
    }
}
