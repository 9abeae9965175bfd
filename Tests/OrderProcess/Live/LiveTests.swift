import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderProcess

@Suite(.enabled(if: Servers.shared != nil), .serialized)
struct LiveTests {
    /// Two replicas, every order delivered twice, two poisoned ones in between.
    @Test @Loop func ordersAreExactlyOnceWithTwoReplicasAndPoison() async throws {
        try await LiveFixture.with { fixture in
            let orders = (0..<200).map { fixture.order($0, product: $0 % 90 == 77 ? "XX-000" : "AZ-104") }
            let good = orders.filter { $0.lines[0].productID == "AZ-104" }
            let poisoned = orders.filter { $0.lines[0].productID != "AZ-104" }
            for order in orders {
                try await fixture.workflow.accept(
                    Acceptance(
                        correlationID: order.correlationID, owner: order.customer, orderID: order.orderID,
                        pending: [1]))
            }
            for _ in 0..<2 { _ = try await fixture.addReplica() }
            try await fixture.send(orders)
            try await fixture.send(orders.reversed())
            try await eventually("all orders are recorded and published", within: .seconds(20)) {
                let recorded = try await fixture.count("order_events")
                let unpublished = try await fixture.count("order_outbox")
                return recorded == 400 && unpublished == 0
            }
            #expect(try await fixture.count("orders WHERE status = 'COMPLETED'") == good.count)
            #expect(try await fixture.count("orders WHERE status = 'FAILED'") == poisoned.count)
            #expect(try await fixture.count("order_items") == orders.count)
            #expect(try await fixture.count("order_events") == 2 * orders.count)
            #expect(try await fixture.count("customers") == 7)
            try await eventually("every status is final") {
                for order in orders {
                    let isGood = order.lines[0].productID == "AZ-104"
                    let expected = WorkflowStatus(isGood ? .completed : .failed, order.orderID)
                    guard try await fixture.workflow.workflow(order.correlationID)?.status == expected else {
                        return false
                    }
                }
                return true
            }
            let processed = await fixture.workflows(in: .processed)
            #expect(Set(processed) == Set(good.map(\.correlationID.description)))
            #expect(
                Set(await fixture.workflows(in: .failed)) == Set(poisoned.map(\.correlationID.description)))
        }
    }

    /// Members that this version does not know, spaces and escapes included.
    @Test @Loop func theEventLogStoresTheReceivedBytes() async throws {
        try await LiveFixture.with { fixture in
            let order = fixture.order(1)
            try await fixture.accept(order)
            let known = String(decoding: order.encode(), as: UTF8.self)
            let body =
                "{ \"gift\": {\"note\": \"\\u00e9 \\ud83d\\ude00\", \"wrap\": [1.50, null]},\n"
                + known.dropFirst()
            _ = try await fixture.addReplica()
            try await fixture.send(raw: Array(body.utf8), of: order)
            try await eventually("the order is recorded", within: .seconds(20)) {
                try await fixture.count("orders") == 1
            }
            #expect(
                try await fixture.texts(
                    "SELECT payload::text FROM order_events WHERE type = 'order.accepted.v1'")
                    == [body])
        }
    }

    @Test @Loop func theRelayPublishesEventsLeftByACrash() async throws {
        try await LiveFixture.with { fixture in
            let store = PostgresOrderStore(fixture.pool)
            let events = EventFactory()
            var records: [OrderRecord] = []
            for number in 0..<5 {
                let item = BatchItem(Sample.received(fixture.order(number)), at: number)
                records.append(try events.record(item, currency: .euro))
            }
            _ = try await store.record(records)
            let outbox = PostgresOutbox(fixture.pool)
            let relay = OutboxRelay(
                outbox, EventPublisher(fixture.sender, appID: "order-process"), after: AsyncSignal(),
                log: nil, metrics: Metrics())
            // Too young.
            #expect(try await relay.sweep() == false)
            #expect(try await outbox.backlog().count == 5)
            try await eventually("they are old enough") {
                try await relay.sweep() ? true : try await outbox.backlog().count == 0
            }
            let processed = await fixture.workflows(in: .processed)
            #expect(processed == (0..<5).map { fixture.correlationID($0).description })
        }
    }
}
