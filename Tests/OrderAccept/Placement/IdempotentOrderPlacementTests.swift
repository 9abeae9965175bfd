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
        key: String? = "k", edgeKey: String? = nil, isRepeated: Bool = false,
        user: UserID = PlacementFixture.user,
        _ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]
    ) async throws -> IdempotentOrderPlacement.Placement {
        try await fixture.placement.place(
            PlacementFixture.request(lines), from: user, key: key,
            attempt: EdgeAttempt(key: edgeKey, isRepeated: isRepeated), trace: .root(),
            cause: "")
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

    @Test func theKeyTravelsWithTheOrder() async throws {
        let placed = try await place()
        #expect(fixture.sender.sent.first?.event?.idempotencyKey == "k")
        let pending = try #require(try await fixture.workflows.memory.pending(placed.orderID))
        #expect(Order.idempotencyKey(of: pending.span) == "k")
        #expect(String(decoding: placed.document, as: UTF8.self).contains("idempotencyKey") == false)
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

    /// Its replica died before it answered.
    @Test func aRecordedOrderAnswersARequestInProgress() async throws {
        let (fixture, suite) = (fixture, self)
        var second: IdempotentOrderPlacement.Placement?
        fixture.sender.meanwhile = { [unowned fixture] message in
            fixture.sender.meanwhile = { _ in }
            guard let event = message.event, let order = Order(event) else { return }
            fixture.queries.insert([order], key: "k")
            second = try? await suite.place()
        }
        let first = try await place()
        #expect(second?.orderID == first.orderID && second?.document == first.document)
        #expect(fixture.sender.sent.count == 1)
    }

    /// Two attempts of the edge are one order; nothing is looked up for them before.
    @Test func anEdgesKeyTravelsWithTheOrder() async throws {
        fixture.memory.fault = .away
        let first = try #require(try await place(key: nil, edgeKey: "edge:1").order)
        fixture.intake.onTakenKey = { [unowned fixture] in fixture.queries.take(first, key: "edge:1") }
        #expect(try await place(key: nil, edgeKey: "edge:1").orderID == first.id)
        #expect(try await place(key: "k", edgeKey: "edge:1").order != nil)
        #expect(fixture.intake.orders.map(\.idempotencyKey) == ["edge:1", "k"])
    }

    /// The edge gave up the replica that holds the key: both may accept the order.
    @Test func aRequestThatTheEdgeRepeatsDoesNotWaitForTheFirst() async throws {
        let suite = self
        var second: IdempotentOrderPlacement.Placement?
        fixture.sender.meanwhile = { [unowned fixture] _ in
            fixture.sender.meanwhile = { _ in }
            second = try? await suite.place(edgeKey: "edge:1", isRepeated: true)
        }
        let first = try await place(edgeKey: "edge:1")
        #expect(second?.order != nil && second?.orderID != first.orderID)
        #expect(fixture.sender.sent.compactMap(\.event?.idempotencyKey) == ["k", "k"])
    }

    /// What the other replica did is not known.
    @Test(arguments: ["k", nil], [true, false])
    func aRefusalOfARepeatedRequestIsInDoubt(key: String?, isRepeated: Bool) async throws {
        fixture.intake.isAvailable = false
        fixture.sender.failures = [.away, .away]
        await #expect(throws: isRepeated ? PlacementError.inDoubt : .refused) {
            try await place(key: key, edgeKey: "edge:1", isRepeated: isRepeated)
        }
    }

    /// The other replica may have a newer version of the catalogue.
    @Test func anUnknownProductOfARepeatedRequestIsInDoubt() async throws {
        fixture.catalogue.current = Catalogue([])
        await #expect(throws: PlacementError.inDoubt) { try await place(edgeKey: "edge:1", isRepeated: true) }
        fixture.catalogue.current = nil
        await #expect(throws: PlacementError.inDoubt) { try await place(edgeKey: "edge:1", isRepeated: true) }
        await #expect(throws: PlacementError.noCatalogue) { try await place(edgeKey: "edge:1") }
    }

    /// Redis does not answer when the order is refused.
    @Test func aKeyIsReleasedLater() async throws {
        fixture.intake.isAvailable = false
        fixture.sender.failures = [.away, .away]
        fixture.keys.faults = [.release: .away]
        await #expect(throws: PlacementError.refused) { try await place() }
        fixture.keys.faults = [:]
        try await eventually("the key is free") { (try? await place())?.order != nil }
    }

    @Test func aFailureReleasesTheKey() async throws {
        fixture.intake.isAvailable = false
        fixture.sender.failures = [.away, .away]
        await #expect(throws: PlacementError.refused) { try await place() }
        #expect(try await place().order != nil)
        await #expect(throws: PlacementError.pricing(.unknownProducts(["NO-1"]))) {
            try await place(key: "other", ["NO-1": 1])
        }
        #expect(try await place(key: "other").order != nil)
    }

    /// Redis forgets the key once the order is recorded.
    @Test func aForgottenKeyIsFoundWithTheRecordedOrder() async throws {
        let first = try await place()
        var order = try #require(first.order)
        order.status = .completed
        fixture.queries.insert([order], key: "k")
        fixture.memory.flush()
        let second = try await place()
        #expect(second.order == nil && second.orderID == first.orderID && second.document == first.document)
        fixture.memory.flush()
        await #expect(throws: PlacementError.keyReused) { try await place(["AZ-104": 3]) }
        #expect(fixture.sender.sent.count == 1)
    }

    /// Not recorded yet: the second message has the same key, by which both become one order.
    @Test func aForgottenKeyOfAQueuedOrderIsSentAgain() async throws {
        let first = try await place()
        fixture.memory.flush()
        let second = try await place()
        #expect(second.orderID != first.orderID)
        #expect(fixture.sender.sent.compactMap(\.event?.idempotencyKey) == ["k", "k"])
    }

    @Test(arguments: [true, false])
    func withoutRedisAKeyIsFoundInPostgres(isRecorded: Bool) async throws {
        let first = try await place()
        if isRecorded { fixture.queries.insert([try #require(first.order)], key: "k") }
        fixture.memory.fault = .away
        let second = try await place()
        #expect((second.orderID == first.orderID) == isRecorded)
        #expect(fixture.intake.orders.count == (isRecorded ? 0 : 1))
    }

    /// Neither finds the other before it is accepted.
    @Test(arguments: ["k", nil])
    func withoutRedisConcurrentRequestsWithOneKeyMakeOneOrder(key: String?) async throws {
        fixture.memory.fault = .away
        let first = try #require(try await place(key: key, edgeKey: "k").order)
        #expect(fixture.intake.orders.count == 1)
        let fixture = fixture
        await #expect(throws: key == nil ? PlacementError.inDoubt : .requestInProgress) {
            try await place(key: key, edgeKey: "k")
        }
        fixture.intake.onTakenKey = { [unowned fixture] in fixture.queries.take(first, key: "k") }
        let second = try await place(key: key, edgeKey: "k")
        #expect(second.order == nil && second.orderID == first.id && second.document == first.encode())
        await #expect(throws: key == nil ? PlacementError.inDoubt : .keyReused) {
            try await place(key: key, edgeKey: "k", ["AZ-104": 3])
        }
        #expect(fixture.intake.orders.count == 1 && fixture.sender.sent.isEmpty)
    }

    /// As when the edge asks a second replica while the broker is silent. What the broker may have of the second attempt is
    /// recorded as a repetition of the first, if both order the same.
    @Test(arguments: ["k", nil], [2, 3])
    func theOrderThatTookTheKeyAnswersAlthoughTheBrokerMayHaveThisOne(key: String?, quantity: Int)
        async throws
    {
        fixture.sender.failures = [.lost, .lost, .lost]
        let first = try #require(try await place(key: nil, edgeKey: "k").order)
        #expect(fixture.intake.orders.count == 1)
        let fixture = fixture
        fixture.intake.onTakenKey = { [unowned fixture] in fixture.queries.take(first, key: "k") }
        let request = try PlacementFixture.request(["AZ-104": quantity])
        do throws(PlacementError) {
            let second = try await fixture.placement.place(
                request, from: PlacementFixture.user, key: key,
                attempt: EdgeAttempt(key: "k", isRepeated: true), trace: .root(), cause: "")
            #expect(quantity == 2 && second.order == nil && second.orderID == first.id)
        } catch {
            #expect(quantity == 3 && error == .inDoubt)
        }
    }

    @Test func withoutPostgresAFreshKeyIsAccepted() async throws {
        fixture.queries.fault = OrderQueryError(reason: "away")
        let first = try await place()
        #expect(try await place().document == first.document)
    }

    /// Whoever was late changes nothing of another's response.
    @Test func anExpiredLeaseNeitherCompletesNorReleases() async throws {
        let fixture = fixture
        let suite = self
        var second: IdempotentOrderPlacement.Placement?
        fixture.sender.meanwhile = { [unowned fixture] _ in
            fixture.sender.meanwhile = { _ in }
            fixture.memory.advance(by: .seconds(31))
            second = try? await suite.place()
        }
        let first = try await place()
        #expect(second != nil && second?.orderID != first.orderID)
        #expect(try await place().document == second?.document)
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

    @Test func storedResponsesRoundTrip() async throws {
        let answer = StoredResponse(try await fixture.place())
        #expect(StoredResponse(answer.bytes) == answer)
        for text in ["", "42", "x\n{}", "-1\n{}"] { #expect(StoredResponse(Array(text.utf8)) == nil) }
    }
}
