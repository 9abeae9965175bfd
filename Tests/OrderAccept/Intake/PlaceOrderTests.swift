import EventLoop
import Observability
import OrderEvents
import Orders
import Testing
import WorkflowState

@testable import OrderAccept

@Loop @Suite struct PlaceOrderTests {
    let intake = Intake()
    let keys: MemoryIdempotencyStore
    let placing: PlaceOrder

    init() {
        keys = MemoryIdempotencyStore(intake.memory)
        placing = PlaceOrder(intake.accept, keys: keys)
    }

    private func place(
        key: String? = "k", user: UserID = Intake.user, _ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]
    ) async throws -> PlaceOrder.Placement {
        try await placing.place(
            Intake.request(lines), from: user, key: key, trace: .root(), cause: "",
            budget: IntakeBudget(from: Loop.now))
    }

    @Test func withoutAKeyEveryRequestIsAnOrder() async throws {
        let first = try await place(key: nil)
        #expect(try await place(key: nil).orderID != first.orderID)
    }

    @Test func theSameKeyGetsTheSameAnswer() async throws {
        let first = try await place()
        #expect(first.order != nil)
        let second = try await place()
        #expect(second.order == nil && second.orderID == first.orderID && second.document == first.document)
        #expect(intake.publisher.published.count == 1)
    }

    @Test func keysBelongToTheirUser() async throws {
        let first = try await place()
        #expect(try await place(user: Intake.stranger).orderID != first.orderID)
    }

    @Test func anotherBodyIsRefused() async throws {
        _ = try await place()
        await #expect(throws: IntakeFailure.keyReused) { try await place(["AZ-104": 3]) }
    }

    @Test func whileTheFirstIsUnderWayTheSecondIsTurnedAway() async throws {
        let suite = self
        var seen: IntakeFailure?
        intake.publisher.meanwhile = { _ in
            do { _ = try await suite.place() } catch { seen = error as? IntakeFailure }
        }
        _ = try await place()
        #expect(seen == .keyInFlight)
        #expect(intake.publisher.published.count == 1)
    }

    @Test func aFailureFreesTheKey() async throws {
        intake.publisher.answers = [.away]
        await #expect(throws: IntakeFailure.refused(reason: "unavailable")) { try await place() }
        #expect(try await place().order != nil)
        await #expect(throws: IntakeFailure.pricing(.unknownProducts(["NO-1"]))) {
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
        #expect(intake.publisher.published.map(\.event.orderID) == (isAnnounced ? [begun.order.id] : []))
        #expect(try await intake.status(of: begun.order) == reached ?? .accepted)
        #expect(try await place().order == nil)
    }

    @Test func whatWasCancelledMeanwhileIsPlacedAnew() async throws {
        let begun = try await crash(reached: .cancelled)
        let answer = try await place()
        #expect(answer.order != nil && answer.orderID != begun.order.id)
        #expect(try await intake.status(of: begun.order) == .cancelled)
        #expect(try await place().orderID == answer.orderID)
    }

    private func crash(reached: OrderStatus?) async throws -> AcceptedOrder {
        let request = try Intake.request()
        let begun = try intake.accept.draft(request, from: Intake.user)
        let key = IdempotencyKey(user: Intake.user, key: "k")
        let bytes = StoredAnswer(begun).bytes
        _ = try await keys.reserve(key, fingerprint: request.fingerprint, draft: bytes)
        if let reached {
            _ = try await intake.workflows.memory.advance([
                WorkflowStep(
                    reached, correlationID: begun.order.correlationID, orderID: begun.order.id,
                    owner: Intake.user)
            ])
        }
        await #expect(throws: IntakeFailure.keyInFlight) { try await place() }
        intake.memory.advance(by: .seconds(31))
        return begun
    }

    @Test func withoutTheStoreNothingIsAccepted() async throws {
        intake.memory.fault = .away
        await #expect(throws: IntakeFailure.state(.away)) { try await place() }
        #expect(intake.publisher.published.isEmpty)
    }

    @Test func fingerprintsTellOrdersApart() throws {
        let base = try Intake.request(["AZ-104": 2, "AZ-900": 1])
        #expect(try Intake.request(["AZ-104": 1, "AZ-900": 1, "AZ-104": 1]).fingerprint == base.fingerprint)
        let others: [KeyValuePairs<String, Int>] = [
            ["AZ-104": 2], ["AZ-104": 1, "AZ-900": 2], ["AZ-900": 1, "AZ-104": 2], ["AZ-1042": 1],
        ]
        for lines in others { #expect(try Intake.request(lines).fingerprint != base.fingerprint) }
    }

    @Test func storedAnswersReadBack() throws {
        let answer = StoredAnswer(orderID: try #require(OrderID(42)), document: Array("{\n}".utf8))
        #expect(StoredAnswer(answer.bytes) == answer)
        for text in ["", "42", "x\n{}", "-1\n{}"] { #expect(StoredAnswer(Array(text.utf8)) == nil) }
    }
}
