import EventLoop
import HTTP
import MemoryAdapters
import Observability
import OrderEvents
import Orders
import Service
import Testing
import WorkflowState

@testable import OrderAccept

/// Every order in which Redis and the broker can fail: what is withdrawn, and what is answered.
@Loop @Suite struct PlacementErrorTests {
    let intake = Intake()

    /// What is left of the only order there was.
    private func leftovers() async throws -> (status: OrderStatus?, owner: UserID?, pending: Bool) {
        let announced = intake.publisher.published.first?.event
        let pending = try await intake.workflows.memory.pending(try #require(OrderID(1)))
        let document = try pending.map { try Order(decoding: $0.span, customer: Intake.user) }
        guard let id = announced?.correlationID ?? document?.correlationID else {
            return (nil, nil, pending != nil)
        }
        let workflow = try await intake.workflows.memory.workflow(id)
        return (workflow?.status.status, workflow?.owner, pending != nil)
    }

    @Test func redisAwayMeansNoAnnouncement() async throws {
        intake.workflows.faults[.accept] = .away
        #expect(try await intake.failure() == .state(.away))
        #expect(intake.workflows.calls == [.accept] && intake.publisher.published.isEmpty)
    }

    @Test(arguments: [WorkflowStateError.late, .refused])
    func keysThatMayBeThereAreTakenBack(error: WorkflowStateError) async throws {
        intake.workflows.faults[.accept] = error
        intake.workflows.failsAfterwards = true
        #expect(try await intake.failure() == .state(error))
        #expect(intake.workflows.calls == [.accept, .withdraw] && intake.publisher.published.isEmpty)
        #expect(try await leftovers() == (nil, nil, false))
    }

    @Test(arguments: ["unavailable", "unroutable", "refused", "overloaded", "closed"])
    func whatTheBrokerHasNotIsWithdrawn(reason: String) async throws {
        intake.publisher.answers = [PublishFailure(outcome: .notPublished, reason: reason)]
        #expect(try await intake.failure() == .refused(reason: reason))
        #expect(intake.workflows.calls == [.accept, .withdraw])
        #expect(intake.publisher.published.count == 1)
        #expect(try await leftovers() == (nil, nil, false))
    }

    @Test func aWithdrawalThatFailsChangesNoAnswer() async throws {
        intake.publisher.answers = [.away]
        intake.workflows.faults[.withdraw] = .away
        #expect(try await intake.failure() == .refused(reason: "unavailable"))
        // An orphan, which expires.
        #expect(try await leftovers() == (.accepted, Intake.user, true))
    }

    @Test func aLostConfirmIsAskedForAgainAsTheSameMessage() async throws {
        intake.publisher.answers = [.lost, .lost, nil]
        try await intake.place()
        #expect(intake.publisher.published.count == 3)
        #expect(Set(intake.publisher.published.map(\.messageID)).count == 1)
        #expect(try await leftovers().status == .accepted)
    }

    @Test func whatTheBrokerMayHaveIsCancelled() async throws {
        intake.publisher.answers = [.lost, .away]
        #expect(try await intake.failure() == .outcomeUnknown(reason: "unavailable"))
        #expect(intake.workflows.calls == [.accept, .advance])
        #expect(try await leftovers().status == .cancelled)
    }

    @Test func thereIsNoSecondTryWithoutTime() async throws {
        let intake = intake
        intake.publisher.answers = [.lost, .lost]
        await #expect(throws: PlacementError.outcomeUnknown(reason: "unknownOutcome")) {
            try await intake.accept.accept(
                intake.accept.draft(Intake.request(), from: Intake.user), trace: .root(), cause: "",
                budget: PlacementBudget(from: Loop.now - .seconds(2)))
        }
        #expect(intake.publisher.published.count == 1)
    }

    @Test(arguments: [OrderStatus.processing, .completed, .failed])
    func anOrderThatMovedOnWasPublishedAfterAll(status: OrderStatus) async throws {
        let intake = intake
        intake.publisher.answers = [.lost, .away]
        intake.publisher.meanwhile = { [unowned intake] announcement in
            let event = announcement.event
            _ = try? await intake.workflows.memory.advance([
                WorkflowStep(
                    status, correlationID: event.correlationID, orderID: event.orderID, owner: event.customer)
            ])
        }
        #expect(try await intake.place().order.id == OrderID(1))
        #expect(try await leftovers().status == status)
    }

    @Test func nobodyIsToldYesWhileNobodyKnows() async throws {
        intake.publisher.answers = [.lost, .away]
        intake.workflows.faults[.advance] = .away
        let failure = try await intake.failure()
        guard case .inDoubt("rabbitmq_unavailable", let order?) = failure else {
            Issue.record("\(failure)")
            return
        }
        #expect(order.id == OrderID(1))
        let problem = Problem(failure)
        #expect(problem.status == .serviceUnavailable && problem.headers["Retry-After"] != nil)
        #expect(problem.detail?.contains("not known") == true && failure.isOutage)
    }

    @Test func everyFailureIsToldWithoutItsText() {
        let failures: [PlacementError] = [
            .noCatalogue, .noIdentifiers, .state(.away), .refused(reason: "x"), .outcomeUnknown(reason: "x"),
        ]
        for failure in failures {
            let problem = Problem(failure)
            #expect(problem.status == .serviceUnavailable && problem.headers["Retry-After"] != nil)
            #expect(problem.detail == "Orders cannot be accepted at the moment; try again.")
            #expect(failure.isOutage)
        }
    }
}
