import EventLoop
import MemoryAdapters
import OrderEvents
import Orders
import Testing
import WorkflowState

@testable import OrderAccept

@Loop @Suite struct AcceptOrderTests {
    let intake = Intake()

    @Test func anOrderIsPricedRecordedAndAnnounced() async throws {
        let accepted = try await intake.place(["AZ-104": 2, "AZ-900": 1])
        let order = accepted.order
        #expect(order.id == OrderID(1) && order.status == .accepted && order.customer == Intake.user)
        #expect(order.total == Money(hundredths: 58_385))
        #expect(order.correlationID.timestamp == order.createdAt)
        let workflow = try #require(try await intake.workflows.memory.workflow(order.correlationID))
        #expect(workflow.status.status == .accepted && workflow.owner == Intake.user)
        #expect(try await intake.workflows.memory.pending(order.id) == accepted.document)
        let announcement = try #require(intake.publisher.published.first)
        #expect(announcement.event == OrderAccepted(order) && announcement.cause == "r-1")
        #expect(announcement.messageID != order.correlationID)
        #expect(intake.workflows.calls == [.accept])
    }

    @Test func theKeysAreThereBeforeTheAnnouncement() async throws {
        let intake = intake
        intake.publisher.meanwhile = { [unowned intake] announcement in
            let owners = try? await intake.workflows.memory.owners(of: [announcement.event.correlationID])
            #expect(owners == [Intake.user])
        }
        try await intake.place()
        #expect(intake.publisher.published.count == 1)
    }

    @Test func correlationIDsOnlyGrow() async throws {
        let first = try await intake.place().order.correlationID
        #expect(try await intake.place().order.correlationID > first)
    }

    @Test func whatCannotBePricedTouchesNothing() async throws {
        let cases: [(KeyValuePairs<String, Int>, PricingError)] = [
            (["NO-1": 1, "AZ-104": 1, "NO-2": 1], .unknownProducts(["NO-1", "NO-2"])),
            (["AZ-104": 1, "US-1": 1], .mixedCurrencies),
        ]
        for (lines, expected) in cases {
            await #expect(throws: PlacementError.pricing(expected)) { try await intake.place(lines) }
        }
        #expect(intake.workflows.calls.isEmpty && intake.publisher.published.isEmpty)
        #expect(intake.identifiers.left == 1_000)
    }

    @Test func withoutCatalogueOrIDsNothingIsTouched() async throws {
        intake.identifiers.left = 0
        #expect(try await intake.failure() == .noIdentifiers)
        intake.catalogue.current = nil
        #expect(try await intake.failure() == .noCatalogue)
        #expect(intake.workflows.calls.isEmpty && intake.publisher.published.isEmpty)
    }
}
