import EventLoop
import JSON
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct OutcomeHandlerTests {
    let ada = UserID("ada")!
    let topology = OrderTopology(retryPolicy: RetryPolicy(delays: [.milliseconds(20)]))

    private func accept(_ number: Int, _ replica: Replica) async throws {
        let update = update(number)
        try await replica.workflows.accept(
            Acceptance(correlationID: update.correlationID, owner: ada, orderID: update.orderID, pending: []))
    }

    /// The system of record.
    @Loop
    private let records = MemoryOrderOwners()

    private func processed(_ number: Int) -> OrderProcessed {
        let update = update(number)
        return OrderProcessed(
            correlationID: update.correlationID, orderID: update.orderID, processedAt: update.occurredAt)
    }

    /// Runs the consumers of a replica over a broker in memory.
    private func consume(
        _ replica: Replica, _ body: @Loop (MemoryBroker, EventPublisher) async throws -> Void
    ) async throws {
        let broker = MemoryBroker(topology.declarations)
        let handler = OutcomeHandler(
            workflows: replica.workflows, mailboxes: replica.mailboxes, owners: records,
            metrics: replica.metrics)
        let pipelines = [OrderTopology.WorkQueue.processed, .failed].map { queue in
            ConsumePipeline(
                queue: topology.queue(queue), from: broker.source(of: topology.queue(queue)),
                to: broker.sender(), decoder: OrderOutcome.decoder, handler: handler,
                retryPolicy: topology.retryPolicy)
        }
        let runs = pipelines.map { pipeline in Loop.task { try await pipeline.run() } }
        try await body(broker, EventPublisher(broker.sender(), appID: "test"))
        for pipeline in pipelines { await pipeline.drain(until: Loop.now + .seconds(10)) }
        for run in runs { run.cancel() }
    }

    private func publish(_ event: some OrderEvent, _ publisher: EventPublisher) async throws {
        let scope = MessageContext(correlationID: event.correlationID.description)
        _ = await publisher.publish([try publisher.prepare(event, in: scope)])
    }

    @Test func everyOutcomeReachesTheOwner() async throws {
        let replica = try Replica()
        for number in 1...3 { try await accept(number, replica) }
        let (session, tab) = replica.open("ada")
        try await eventually("the welcome") { session.isLive }
        try await consume(replica) { _, publisher in
            try await publish(processed(1), publisher)
            let (second, third) = (update(2), update(3))
            try await publish(
                OrderCancelled(
                    correlationID: second.correlationID, orderID: second.orderID,
                    cancelledAt: second.occurredAt), publisher)
            try await publish(
                OrderFailed(correlationID: third.correlationID, orderID: third.orderID, reason: "no"),
                publisher)
            // Once more, as after a crash before the ack.
            try await publish(processed(1), publisher)
            try await eventually("all outcomes") {
                tab.offsets.count == 3 && replica.metrics.duplicates.value == 1
            }
        }
        let statuses = tab.messages("order.status").map { $0["status"]?.string }
        #expect(Set(statuses) == ["COMPLETED", "CANCELLED", "FAILED"])
        // Sent now, since the event has no time of its own.
        let failed = tab.messages("order.status").first { $0["status"] == "FAILED" }
        let time = try #require(failed?["occurredAt"]?.string.flatMap { Timestamp($0) })
        #expect(abs(time.milliseconds - WallClock.milliseconds()) < 60_000)
    }

    @Test func aLateOwnerDelaysNoOtherMessage() async throws {
        let replica = try Replica()
        try await accept(2, replica)
        try await consume(replica) { broker, publisher in
            try await publish(processed(1), publisher)
            try await publish(processed(2), publisher)
            try await eventually("the neighbour") { replica.metrics.delivered.value == 1 }
            try await accept(1, replica)
            try await eventually("the late one") { replica.metrics.delivered.value == 2 }
            #expect(broker.depth(of: "order.processed.dlq") == 0 && replica.metrics.unknownOwner.value == 0)
        }
    }

    /// A queue that is longer than the lifetime of the keys.
    @Test func aForgottenOwnerIsFoundInTheRecords() async throws {
        let replica = try Replica()
        try await accept(1, replica)
        replica.state.flush()
        records.owners[update(1).correlationID] = OrderOwner(
            ada, orderID: update(1).orderID, status: .completed)
        let (session, tab) = replica.open("ada")
        try await eventually("the welcome") { session.isLive }
        try await consume(replica) { broker, publisher in
            try await publish(processed(1), publisher)
            try await eventually("it is delivered") { tab.offsets.count == 1 }
            #expect(broker.depth(of: "order.processed.dlq") == 0)
        }
        let workflow = try await replica.workflows.workflow(update(1).correlationID)
        #expect(workflow?.status.text == "COMPLETED|1")
    }

    /// A late or repeated event of an earlier outcome.
    @Test func anOutdatedOutcomeIsNotDelivered() async throws {
        let replica = try Replica()
        records.owners[update(2).correlationID] = OrderOwner(
            ada, orderID: update(1).orderID, status: .completed)
        for number in 1...2 { try await accept(number, replica) }
        try await consume(replica) { _, publisher in
            try await publish(processed(1), publisher)
            try await eventually("it is delivered") { replica.metrics.delivered.value == 1 }
            let (first, second) = (update(1), update(2))
            try await publish(
                OrderFailed(correlationID: first.correlationID, orderID: first.orderID, reason: "late"),
                publisher)
            try await publish(
                OrderFailed(correlationID: second.correlationID, orderID: second.orderID, reason: "no"),
                publisher)
            try await publish(processed(2), publisher)
            try await eventually("the other's outcomes") { replica.metrics.delivered.value == 3 }
        }
        #expect(replica.metrics.duplicates.value == 1)
        #expect(try await replica.workflows.workflow(update(2).correlationID)?.status.status == .completed)
    }

    /// Redis has forgotten the status, so that PostgreSQL is asked.
    @Test(arguments: [OrderStatus.completed, .cancelled, .failed, nil])
    func anOutcomeOfAForgottenOrderIsCompared(recorded: OrderStatus?) async throws {
        let replica = try Replica()
        try await accept(1, replica)
        replica.state.remove(WorkflowKeys.plain.status(update(1).correlationID))
        records.owners[update(1).correlationID] = OrderOwner(
            ada, orderID: update(1).orderID, status: recorded)
        try await consume(replica) { broker, publisher in
            try await publish(processed(1), publisher)
            try await eventually("its end") {
                replica.metrics.delivered.value + replica.metrics.outdated.value
                    + UInt64(broker.depth(of: "order.processed.dlq")) == 1
            }
            #expect(replica.metrics.delivered.value == (recorded == .completed ? 1 : 0))
            #expect(broker.depth(of: "order.processed.dlq") == (recorded == nil ? 1 : 0))
        }
        let status = try await replica.workflows.workflow(update(1).correlationID)?.status.status
        #expect(status == (recorded == .completed ? .completed : nil))
    }

    /// A failed order that was not replayed is not completed, whatever an event says.
    @Test(arguments: [OrderStatus.failed, .completed])
    func aCompletionAfterAFailureIsCompared(recorded: OrderStatus) async throws {
        let replica = try Replica()
        try await accept(1, replica)
        let order = update(1)
        records.owners[order.correlationID] = OrderOwner(ada, orderID: update(1).orderID, status: .failed)
        try await consume(replica) { _, publisher in
            try await publish(
                OrderFailed(correlationID: order.correlationID, orderID: order.orderID, reason: "no"),
                publisher)
            try await eventually("the failure") { replica.metrics.delivered.value == 1 }
            records.owners[order.correlationID] = OrderOwner(
                ada, orderID: update(1).orderID, status: recorded)
            try await publish(processed(1), publisher)
            try await eventually("its end") {
                replica.metrics.delivered.value + replica.metrics.outdated.value == 2
            }
        }
        #expect(
            try await replica.workflows.workflow(order.correlationID)?.status.status == recorded)
    }

    /// The event has no time of its own.
    @Test func aFailureIsAsOldAsItsMessage() {
        let failure = OrderOutcome(
            correlationID: update(1).correlationID, orderID: update(1).orderID, status: .failed)
        let issued = CorrelationID(unixMilliseconds: 8_123, randomA: 1, randomB: 2)
        for (id, time) in [
            ("m", Timestamp(seconds: 7)), ("\(issued)", Timestamp(milliseconds: 8_123)),
            ("ffffffff-ffff-7fff-bfff-ffffffffffff", .latest),
        ] {
            let envelope = Envelope(
                id: id, correlationID: "\(update(1).correlationID)", type: "order.failed.v1", timestamp: 7,
                appID: "test")
            #expect(failure.update(in: envelope).occurredAt == time)
        }
    }

    /// The broker dead-lettered it before anybody handled it.
    @Test func anOutcomeIsDeliveredFromTheDeadLetters() async throws {
        let replica = try Replica()
        records.owners[update(1).correlationID] = OrderOwner(
            ada, orderID: update(1).orderID, status: .completed)
        let handler = OutcomeHandler(
            workflows: replica.workflows, mailboxes: replica.mailboxes, owners: records,
            metrics: replica.metrics)
        let outcome = OrderOutcome(
            correlationID: update(1).correlationID, orderID: update(1).orderID, status: .completed,
            occurredAt: update(1).occurredAt)
        let envelope = Envelope(
            id: "m", correlationID: "\(update(1).correlationID)", type: "order.processed.v1", timestamp: 0,
            appID: "test")
        for event in [outcome, nil, outcome] {
            try await handler.deadLettered(DeadLetter(envelope, event, body: [], reason: "expired"))
        }
        #expect(replica.metrics.delivered.value == 1 && replica.metrics.duplicates.value == 1)
    }

    /// One that PostgreSQL refused.
    @Test func aFailureWithoutARecordIsDelivered() async throws {
        let replica = try Replica()
        try await accept(1, replica)
        replica.state.remove(WorkflowKeys.plain.status(update(1).correlationID))
        try await consume(replica) { _, publisher in
            let order = update(1)
            try await publish(
                OrderFailed(correlationID: order.correlationID, orderID: order.orderID, reason: "no"),
                publisher)
            try await eventually("it is delivered") { replica.metrics.delivered.value == 1 }
        }
    }

    @Test func anUnknownOwnerIsRetriedAndDeadLettered() async throws {
        let replica = try Replica()
        try await consume(replica) { broker, publisher in
            try await publish(processed(1), publisher)
            try await eventually("it is dead-lettered") { broker.depth(of: "order.processed.dlq") == 1 }
            let message = broker.contents(of: "order.processed.dlq")[0]
            #expect(message.envelope.failure?.reason == "The order is not known.")
        }
        #expect(replica.metrics.unknownOwner.value == 2)
    }

    @Test func anUnavailableStoreLosesNothing() async throws {
        let replica = try Replica()
        try await accept(1, replica)
        replica.state.fault = WorkflowStateError(.unavailable, isRetriable: true)
        try await consume(replica) { broker, publisher in
            try await publish(processed(1), publisher)
            try await settle()
            replica.state.fault = nil
            try await eventually("it is delivered") { replica.metrics.delivered.value == 1 }
            #expect(broker.depth(of: "order.processed.dlq") == 0)
        }
    }
}
