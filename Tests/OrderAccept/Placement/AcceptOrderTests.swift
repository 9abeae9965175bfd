import EventLoop
import MemoryAdapters
import Messaging
import OrderEvents
import Orders
import Testing
import WorkflowState

@testable import OrderAccept

@Loop @Suite struct AcceptOrderTests {
    let fixture = PlacementFixture()

    @Test func pricesRecordsAndPublishesAnOrder() async throws {
        let accepted = try await fixture.place(["AZ-104": 2, "AZ-900": 1])
        let order = accepted.order
        #expect(
            order.id == OrderID(1) && order.status == .accepted && order.customer == PlacementFixture.user)
        #expect(order.total == Money(hundredths: 58_385))
        #expect(order.correlationID.timestamp == order.createdAt)
        let workflow = try #require(try await fixture.workflows.memory.workflow(order.correlationID))
        #expect(workflow.status.status == .accepted && workflow.owner == PlacementFixture.user)
        #expect(try await fixture.workflows.memory.pending(order.id) == accepted.document)
        let message = try #require(fixture.sender.sent.first)
        #expect(message.event == OrderAccepted(order))
        #expect(message.event.flatMap { Order($0) } == order)
        let envelope = message.envelope
        #expect(message.destination == .event(key: "order.accepted"))
        #expect(envelope.id != order.correlationID.description && envelope.attempt == 1)
        #expect(envelope.correlationID == order.correlationID.description && envelope.causationID == "r-1")
        #expect(envelope.type == "order.accepted.v1" && envelope.appID == "order-accept")
        #expect(fixture.workflows.calls == [.accept])
    }

    @Test func writesTheKeysBeforePublishing() async throws {
        let fixture = fixture
        fixture.sender.meanwhile = { [unowned fixture] message in
            let owners = try? await fixture.workflows.memory.owners(
                of: [message.event?.correlationID].compactMap(\.self))
            #expect(owners == [RememberedOwner(PlacementFixture.user, hasStatus: true)])
        }
        try await fixture.place()
        #expect(fixture.sender.sent.count == 1)
    }

    @Test func correlationIDsOnlyGrow() async throws {
        let first = try await fixture.place().order.correlationID
        #expect(try await fixture.place().order.correlationID > first)
    }

    @Test func anUnpriceableOrderWritesNothing() async throws {
        let cases: [(KeyValuePairs<String, Int>, PricingError)] = [
            (["NO-1": 1, "AZ-104": 1, "NO-2": 1], .unknownProducts(["NO-1", "NO-2"])),
            (["AZ-104": 1, "US-1": 1], .mixedCurrencies),
        ]
        for (lines, expected) in cases {
            await #expect(throws: PlacementError.pricing(expected)) { try await fixture.place(lines) }
        }
        #expect(
            fixture.workflows.calls.isEmpty && fixture.sender.sent.isEmpty && fixture.intake.orders.isEmpty)
        #expect(fixture.identifiers.left == 1_000)
    }

    @Test func anUnknownProductMayBeNew() async throws {
        fixture.catalogue.added = [FixedCatalogue.product("NEW-1", 100)]
        let placed = try await fixture.place(["NEW-1": 2, "AZ-104": 1])
        #expect(placed.order.lines.count == 2)
    }

    @Test func withoutCatalogueOrIDsNothingIsWritten() async throws {
        fixture.identifiers.left = 0
        #expect(try await fixture.failure() == .noIdentifiers)
        fixture.catalogue.current = nil
        #expect(try await fixture.failure() == .noCatalogue)
        #expect(
            fixture.workflows.calls.isEmpty && fixture.sender.sent.isEmpty && fixture.intake.orders.isEmpty)
    }
}
