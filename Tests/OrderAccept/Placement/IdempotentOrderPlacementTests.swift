import EventLoop
import MemoryAdapters
import Observability
import OrderEvents
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderAccept

@Loop @Suite struct IdempotentOrderPlacementTests {
    let fixture = PlacementFixture()

    private func place(
        key: String? = "k", user: UserID = PlacementFixture.user,
        _ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]
    ) async throws -> IdempotentOrderPlacement.Placement {
        try await fixture.placement.place(
            PlacementFixture.request(lines), from: user, key: key, trace: .root(), cause: "",
            budget: PlacementBudget(from: Loop.now))
    }

    @Test func withoutAKeyEveryRequestIsAnOrder() async throws {
        let first = try await place(key: nil)
        #expect(try await place(key: nil).orderID != first.orderID)
    }

    @Test func theSameKeyGetsTheSameResponse() async throws {
        let first = try await place()
        #expect(first.order != nil)
        let second = try await place()
        #expect(second.order == nil && second.orderID == first.orderID && second.document == first.document)
        #expect(fixture.sender.sent.count == 1)
    }

    @Test func keysAreScopedToTheirUser() async throws {
        let first = try await place()
        #expect(try await place(user: PlacementFixture.otherUser).orderID != first.orderID)
    }

    @Test func anotherBodyWithTheSameKeyIsRefused() async throws {
        _ = try await place()
        await #expect(throws: PlacementError.keyReused) { try await place(["AZ-104": 3]) }
    }

    @Test func aConcurrentRequestWithTheSameKeyIsRefused() async throws {
        let suite = self
        var seen: PlacementError?
        fixture.sender.meanwhile = { _ in
            do { _ = try await suite.place() } catch { seen = error as? PlacementError }
        }
        defer { fixture.sender.meanwhile = { _ in } }
        _ = try await place()
        #expect(seen == .requestInProgress)
        #expect(fixture.sender.sent.count == 1)
    }

    @Test func aFailureReleasesTheKey() async throws {
        fixture.sender.failures = [.away]
        await #expect(throws: PlacementError.refused(reason: "unavailable")) { try await place() }
        #expect(try await place().order != nil)
        await #expect(throws: PlacementError.pricing(.unknownProducts(["NO-1"]))) {
            try await place(key: "other", ["NO-1": 1])
        }
        #expect(try await place(key: "other").order != nil)
    }

    /// A process that died at some point of the work, and a client that asks again when the lease is over.
    @Test(arguments: [nil, OrderStatus.accepted, .processing, .completed])
    func whoComesAfterACrashGoesOnWithTheSameOrder(reached: OrderStatus?) async throws {
        let begun = try await crash(reached: reached)
        let answer = try await place()
        #expect(answer.orderID == begun.order.id && answer.document == begun.document)
        let isAnnounced = reached == nil || reached == .accepted
        #expect(fixture.sender.sent.compactMap(\.event?.orderID) == (isAnnounced ? [begun.order.id] : []))
        #expect(try await fixture.status(of: begun.order) == reached ?? .accepted)
        #expect(try await place().order == nil)
    }

    @Test func aDraftCancelledMeanwhileIsPlacedAgain() async throws {
        let begun = try await crash(reached: .cancelled)
        let answer = try await place()
        #expect(answer.order != nil && answer.orderID != begun.order.id)
        #expect(try await fixture.status(of: begun.order) == .cancelled)
        #expect(try await place().orderID == answer.orderID)
    }

    /// Redis and the broker away together, when the broker may have the order.
    @Test(arguments: [nil, OrderStatus.processing, .completed])
    func inDoubtTheDraftStays(reached: OrderStatus?) async throws {
        let fixture = fixture
        fixture.sender.failures = [.lost, .away]
        fixture.workflows.faults = [.advance: .late]
        await #expect(throws: PlacementError.self) { try await place() }
        let order = try #require(fixture.sender.sent.first?.event)
        // Nothing was released, so that whoever repeats the request in time goes on with the same order.
        #expect(fixture.keys.calls == [.reserve] && fixture.compensations.count == 1)
        await #expect(throws: PlacementError.requestInProgress) { try await place() }
        if let reached {
            _ = try await fixture.workflows.memory.advance([
                WorkflowStep(reached, correlationID: order.correlationID, orderID: order.orderID, owner: nil)
            ])
        }
        fixture.workflows.faults = [:]
        try await fixture.runCompensations()
        let answer = try await place()
        // Where nobody had begun it was cancelled meanwhile, and is placed anew.
        #expect((answer.orderID == order.orderID) == (reached != nil))
        let first = try await fixture.workflows.memory.workflow(order.correlationID)
        #expect(first?.status.status == reached ?? .cancelled)
        #expect(try await place().document == answer.document)
    }

    @Test func anUnreadableDraftMakesTheOutcomeUnknown() async throws {
        let begun = try await crash(reached: .accepted)
        for call in [WorkflowCall.workflow, .accept] {
            fixture.workflows.faults = [call: .away]
            await #expect(throws: PlacementError.inDoubt(reason: "redis", uncancelled: nil)) {
                try await place()
            }
            try await fixture.runCompensations()
        }
        fixture.workflows.faults = [:]
        #expect(try await place().orderID == begun.order.id)
        #expect(try await fixture.status(of: begun.order) == .accepted)
    }

    /// The reservation is made although its request was told that it was not.
    @Test(arguments: [true, false])
    func aReservationThatTimedOutHoldsUpNobody(isLate: Bool) async throws {
        fixture.keys.faults = [.reserve: .late]
        fixture.keys.failsAfterwards = !isLate
        await #expect(throws: PlacementError.state(.late)) { try await place() }
        fixture.keys.faults = [:]
        try await fixture.runCompensations()
        if isLate {
            let lease = try #require(fixture.keys.leases.first)
            #expect(try await fixture.keys.memory.reserve(lease, draft: []) == .inFlight)
        }
        let answer = try await place()
        #expect(fixture.sender.sent.compactMap(\.event?.orderID) == [answer.orderID])
    }

    /// The order's own failure stands, or its success; the key is free as soon as Redis is back.
    @Test(arguments: [KeyCall.release, .complete])
    func aKeyThatCouldNotBeSettledIsLetGo(call: KeyCall) async throws {
        fixture.keys.faults = [call: .away]
        if call == .release { fixture.sender.failures = [.away] }
        let first = try? await place()
        #expect((first == nil) == (call == .release))
        await #expect(throws: PlacementError.requestInProgress) { try await place() }
        fixture.keys.faults = [:]
        try await fixture.runCompensations()
        let second = try await place()
        #expect(first == nil || first?.document == second.document)
        #expect(try await place().document == second.document)
    }

    @Test func compensationsAreRetriedUntilTheySucceed() async throws {
        fixture.sender.failures = [.lost, .away]
        fixture.workflows.faults = [.advance: .away]
        await #expect(throws: PlacementError.self) { try await place() }
        let (workflows, compensations) = (fixture.workflows, fixture.compensations)
        let run = Loop.task { await compensations.run() }
        let tried = workflows.calls.count
        try await eventually("it is tried again") { workflows.calls.count > tried + 3 }
        #expect(compensations.count == 1 && !fixture.keys.calls.contains(.expire))
        workflows.faults = [:]
        try await eventually("it is tied") { compensations.count == 0 }
        run.cancel()
        await run.value
    }

    @Test func compensationsAreBounded() async throws {
        let order = try fixture.accept.draft(PlacementFixture.request(), from: PlacementFixture.user).order
        for _ in 0..<CompensationQueue.limit + 2 {
            fixture.compensations.add(cancelling: order, releasing: nil)
        }
        #expect(fixture.compensations.count == CompensationQueue.limit && fixture.compensations.dropped == 2)
    }

    /// Dead between the second draft and its answer: the third attempt goes on with the second draft.
    @Test func aDraftThatReplacesACancelledOneIsRecorded() async throws {
        let begun = try await crash(reached: .cancelled)
        fixture.keys.faults = [.complete: .away]
        let second = try await place()
        #expect(second.orderID != begun.order.id)
        fixture.keys.faults = [:]
        try await fixture.runCompensations()
        #expect(try await place().orderID == second.orderID)
    }

    private func crash(reached: OrderStatus?) async throws -> AcceptedOrder {
        let request = try PlacementFixture.request()
        let begun = try fixture.accept.draft(request, from: PlacementFixture.user)
        let lease = IdempotencyLease(
            IdempotencyKey(user: PlacementFixture.user, key: "k"), fingerprint: request.fingerprint)
        _ = try await fixture.keys.reserve(lease, draft: StoredResponse(begun).bytes)
        if let reached {
            _ = try await fixture.workflows.memory.advance([
                WorkflowStep(
                    reached, correlationID: begun.order.correlationID, orderID: begun.order.id,
                    owner: PlacementFixture.user)
            ])
        }
        await #expect(throws: PlacementError.requestInProgress) { try await place() }
        fixture.memory.advance(by: .seconds(31))
        return begun
    }

    @Test func withoutTheStoreNothingIsAccepted() async throws {
        fixture.memory.fault = .away
        await #expect(throws: PlacementError.state(.away)) { try await place() }
        #expect(fixture.sender.sent.isEmpty)
    }

    @Test func fingerprintsDifferForDifferentOrders() throws {
        let base = try PlacementFixture.request(["AZ-104": 2, "AZ-900": 1])
        #expect(
            try PlacementFixture.request(["AZ-104": 1, "AZ-900": 1, "AZ-104": 1]).fingerprint
                == base.fingerprint)
        let others: [KeyValuePairs<String, Int>] = [
            ["AZ-104": 2], ["AZ-104": 1, "AZ-900": 2], ["AZ-900": 1, "AZ-104": 2], ["AZ-1042": 1],
        ]
        for lines in others { #expect(try PlacementFixture.request(lines).fingerprint != base.fingerprint) }
    }

    @Test func storedResponsesRoundTrip() throws {
        let answer = StoredResponse(orderID: try #require(OrderID(42)), document: Array("{\n}".utf8))
        #expect(StoredResponse(answer.bytes) == answer)
        for text in ["", "42", "x\n{}", "-1\n{}"] { #expect(StoredResponse(Array(text.utf8)) == nil) }
    }
}
