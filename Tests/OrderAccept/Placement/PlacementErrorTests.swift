import EventLoop
import HTTP
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import Orders
import Service
import Testing
import WorkflowState

@testable import OrderAccept

/// Every order in which Redis and the broker can fail: what is withdrawn, and what is answered.
@Loop @Suite struct PlacementErrorTests {
    let fixture = PlacementFixture()

    /// What Redis holds of the only order.
    private func remains() async throws -> (status: OrderStatus?, owner: UserID?, pending: Bool) {
        let published = fixture.sender.sent.first?.event
        let pending = try await fixture.workflows.memory.pending(try #require(OrderID(1)))
        let document = try pending.map { try Order(decoding: $0.span, customer: PlacementFixture.user) }
        guard let id = published?.correlationID ?? document?.correlationID else {
            return (nil, nil, pending != nil)
        }
        let workflow = try await fixture.workflows.memory.workflow(id)
        return (workflow?.status.status, workflow?.owner, pending != nil)
    }

    @Test func publishesNothingWithoutRedis() async throws {
        fixture.workflows.faults[.accept] = .away
        #expect(try await fixture.failure() == .state(.away))
        #expect(fixture.workflows.calls == [.accept] && fixture.sender.sent.isEmpty)
    }

    @Test(arguments: [WorkflowStateError.late, .refused])
    func removesKeysWhoseOutcomeIsUnknown(error: WorkflowStateError) async throws {
        fixture.workflows.faults[.accept] = error
        fixture.workflows.failsAfterwards = true
        #expect(try await fixture.failure() == .state(error))
        #expect(fixture.workflows.calls == [.accept, .withdraw] && fixture.sender.sent.isEmpty)
        #expect(try await remains() == (nil, nil, false))
    }

    @Test(arguments: [MessagingError.Code.unavailable, .unroutable, .refused, .overloaded, .closed])
    func anUnpublishedOrderIsWithdrawn(code: MessagingError.Code) async throws {
        fixture.sender.failures = [MessagingError(code)]
        #expect(try await fixture.failure() == .refused(reason: code.rawValue))
        #expect(fixture.workflows.calls == [.accept, .withdraw])
        #expect(fixture.sender.sent.count == 1)
        #expect(try await remains() == (nil, nil, false))
    }

    @Test func aFailedCompensationDoesNotChangeTheResponse() async throws {
        fixture.sender.failures = [.away]
        fixture.workflows.faults[.withdraw] = .away
        #expect(try await fixture.failure() == .refused(reason: "unavailable"))
        // An orphan, which expires.
        #expect(try await remains() == (.accepted, PlacementFixture.user, true))
    }

    @Test func retriesAnUnconfirmedPublishWithTheSameMessageID() async throws {
        fixture.sender.failures = [.lost, .lost, nil]
        try await fixture.place()
        #expect(fixture.sender.sent.count == 3)
        #expect(Set(fixture.sender.sent.map(\.envelope.id)).count == 1)
        #expect(try await remains().status == .accepted)
    }

    @Test func cancelsAnOrderWhosePublishIsUnknown() async throws {
        fixture.sender.failures = [.lost, .away]
        #expect(try await fixture.failure() == .outcomeUnknown)
        #expect(fixture.workflows.calls == [.accept, .advance])
        #expect(try await remains().status == .cancelled)
    }

    @Test func doesNotRetryPastTheDeadline() async throws {
        let fixture = fixture
        fixture.sender.failures = [.lost, .lost]
        await #expect(throws: PlacementError.outcomeUnknown) {
            try await fixture.accept.accept(
                fixture.accept.draft(PlacementFixture.request(), from: PlacementFixture.user), trace: .root(),
                cause: "",
                budget: PlacementBudget(from: Loop.now - .seconds(2)))
        }
        #expect(fixture.sender.sent.count == 1)
    }

    @Test(arguments: [OrderStatus.processing, .completed, .failed])
    func anOrderInProcessingCountsAsPublished(status: OrderStatus) async throws {
        let fixture = fixture
        fixture.sender.failures = [.lost, .away]
        fixture.sender.meanwhile = { [unowned fixture] message in
            guard let event = message.event else { return }
            _ = try? await fixture.workflows.memory.advance([
                WorkflowStep(
                    status, correlationID: event.correlationID, orderID: event.orderID, owner: event.customer)
            ])
        }
        #expect(try await fixture.place().order.id == OrderID(1))
        #expect(try await remains().status == status)
    }

    @Test func answersOutcomeUnknownWhenRedisCannotDecide() async throws {
        fixture.sender.failures = [.lost, .away]
        fixture.workflows.faults[.advance] = .away
        let failure = try await fixture.failure()
        guard case .inDoubt("rabbitmq", let order?) = failure else {
            Issue.record("\(failure)")
            return
        }
        #expect(order.id == OrderID(1))
        let problem = Problem(failure)
        #expect(problem.status == .serviceUnavailable && problem.headers["Retry-After"] != nil)
        #expect(problem.detail?.contains("not known") == true && failure.isOutage)
    }

    @Test func problemsContainNoErrorText() {
        let failures: [PlacementError] = [
            .noCatalogue, .noIdentifiers, .state(.away), .refused(reason: "x"), .outcomeUnknown,
        ]
        for failure in failures {
            let problem = Problem(failure)
            #expect(problem.status == .serviceUnavailable && problem.headers["Retry-After"] != nil)
            #expect(problem.detail == "Orders cannot be accepted at the moment; try again.")
            #expect(failure.isOutage)
        }
    }
}
