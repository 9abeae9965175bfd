import JSON
import Messaging
import Orders
import TestSupport
import Testing

@testable import Console

@Suite struct ExplanationTests {
    private static let accepted = RecordedEvent(
        type: "order.accepted.v1", occurredAt: 1_000_000, recordedAt: 1_020_000, requestID: "r-1",
        traceID: "4bf92f3577b34da6a3ce929d0e0e4736", isPublished: true)

    private func order(_ status: OrderStatus?, _ events: [RecordedEvent] = []) throws -> FoundOrder {
        FoundOrder(
            id: try #require(OrderID(1042)),
            correlationID: try #require(CorrelationID("0197a3f2-5b1c-7d4e-8f60-123456789abc")),
            customer: try #require(UserID("CUST-0001")), status: status, members: [], events: events)
    }

    private func outcome(_ type: String, reason: String? = nil, isPublished: Bool = true) -> RecordedEvent {
        RecordedEvent(
            type: type, occurredAt: 1_034_000, recordedAt: 1_034_500, reason: reason, isPublished: isPublished
        )
    }

    private let idle = QueueDepths.Depth(queue: .accepted, ready: 0, consumers: 1, retrying: 0, dead: 0)

    @Test func aCompletedOrderNeedsNothing() throws {
        let order = try order(.completed, [Self.accepted, outcome("order.processed.v1")])
        let finding = OrderFinding(
            .init(recorded: order, queue: idle, pushes: .init(count: 2, firstAt: 5_200_000)))
        #expect(
            finding.summary
                == "COMPLETED 34 ms after its acceptance. 2 sessions were told, the first 4200 ms after its acceptance."
        )
        #expect(finding.next == nil)
    }

    @Test func anUnpublishedOutcomeIsSaid() throws {
        let order = try order(
            .completed, [Self.accepted, outcome("order.processed.v1", isPublished: false)])
        let finding = OrderFinding(.init(recorded: order, queue: idle))
        #expect(finding.summary.contains("not marked as published"))
        #expect(finding.next?.contains("RabbitMQ") == true)
    }

    @Test func aFailedOrderHasItsReasonAndItsDeadLetter() throws {
        let order = try order(
            .failed, [Self.accepted, outcome("order.failed.v1", reason: "The product X does not exist.")])
        let finding = OrderFinding(
            .init(recorded: order, deadLetters: [("order.accepted.dlq", "The product X does not exist.")]))
        #expect(finding.summary.hasPrefix("FAILED: The product X does not exist."))
        #expect(finding.next?.contains("order.accepted.dlq") == true)
    }

    @Test func anOrderWithoutAConsumerSaysSo() {
        var queue = idle
        queue.consumers = 0
        queue.ready = 3
        let finding = OrderFinding(.init(copies: RememberedOrder(status: .accepted), queue: queue))
        #expect(finding.summary.contains("Nobody consumes order.accepted"))
        #expect(finding.next?.contains("order-process") == true)
    }

    @Test func anOrderOfTheIntakeTableSaysSo() throws {
        let finding = OrderFinding(.init(recorded: try order(nil), queue: idle))
        #expect(finding.summary.contains("intake table"))
    }

    @Test func stepsAreByTimeAndTheLongerOneFirst() throws {
        var timeline = OrderTimeline()
        timeline.add(Self.accepted)
        let spans = [
            ("push", 1_040_000, 0), ("record order", 1_010_000, 5_000),
            ("process order.accepted", 1_010_000, 9_000),
        ].map { name, at, duration in
            JSONValue.object([
                .init("name", .string(name)), .init("start", .number("\(at)")),
                .init("duration", .number("\(duration)")),
                .init(
                    "attributes",
                    .object([
                        .init("messaging.destination.name", "order.accepted"), .init("waybill.attempt", 1),
                        .init("waybill.outcome", "done"), .init("db.operation.batch.size", 12),
                        .init("waybill.status", "COMPLETED"), .init("waybill.session.id", "ab"),
                        .init("waybill.protocol", "sse"),
                    ])),
            ])
        }
        timeline.add(TraceCollector.Page(replica: "order-process@8091", spans: spans))
        let texts = timeline.json.array?.compactMap { $0["text"]?.string }
        #expect(
            texts == [
                "Accepted, with the request r-1", "Message of order.accepted, attempt 1: done",
                "Written to PostgreSQL, in a batch of 12", "COMPLETED pushed to the session ab (sse)",
            ])
        #expect(timeline.pushes == [.completed: .init(count: 1, firstAt: 1_040_000)])
    }

    @Test func aReferenceIsAnOrdersNumberOrItsCorrelationID() {
        #expect(OrderReference("1042") != nil)
        #expect(OrderReference("0197a3f2-5b1c-7d4e-8f60-123456789abc") != nil)
        for text in ["", "0", "-1", "x", "1042 ", "0197a3f2", "9007199254740993"] {
            #expect(OrderReference(text) == nil)
        }
    }
}
