import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderRecords
import Orders
import Service
import Testing
import WorkflowState

@testable import OrderAccept

/// Reading, cancelling and deleting, before and after an order is recorded.
@Loop @Suite struct OrderChangesTests {
    let fixture = PlacementFixture()
    let reading: ReadOrders
    let cancelling: CancelOrder
    let renewal: QueuedOrderRenewal

    init() {
        reading = ReadOrders(pending: fixture.pending, queries: fixture.queries)
        renewal = QueuedOrderRenewal(
            fixture.workflows, fixture.queries, recent: fixture.recent, lifetime: .seconds(2700))
        cancelling = CancelOrder(
            pending: fixture.pending, queries: fixture.queries, publisher: fixture.publisher)
    }

    func move(_ order: Order, to status: OrderStatus, isRecorded: Bool = false) async throws {
        var order = order
        order.status = status
        if isRecorded { fixture.queries.insert([order]) }
        _ = try await fixture.workflows.memory.advance([
            WorkflowStep(
                status, correlationID: order.correlationID, orderID: order.id, owner: order.customer,
                isRecorded: isRecorded)
        ])
    }

    func stored(_ id: OrderID, of user: UserID = PlacementFixture.user) async throws -> StoredOrder? {
        try await reading.order(id, of: user)
    }

    func order(_ id: OrderID, of user: UserID = PlacementFixture.user) async throws -> Order? {
        try await stored(id, of: user)?.order
    }

    func page(of user: UserID = PlacementFixture.user) async throws -> OrderPage {
        try await reading.page(of: user, PageRange(start: .offset(0), size: 10))
    }

    func status(
        _ order: Order, of user: UserID = PlacementFixture.user
    ) async throws -> StatusReport? {
        try await reading.status(order.correlationID, of: user)
    }

    /// Redis was away when the order ended.
    @Test func aStatusThatRedisHasMissedIsNotBelieved() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .processing)
        #expect(try await order(placed.id)?.status == .processing)
        var completed = placed
        completed.status = .completed
        fixture.queries.insert([completed])
        #expect(try await order(placed.id)?.status == .completed)
        #expect(try await status(placed)?.status == .completed)
        // Of one in the intake table Redis knows more.
        let taken = try await fixture.place().order
        fixture.queries.take(taken)
        try await move(taken, to: .processing)
        #expect(try await order(taken.id)?.status == .processing)
        #expect(try await status(taken)?.status == .processing)
    }

    func cancel(_ id: OrderID, of user: UserID = PlacementFixture.user) async throws -> Order {
        try await cancelling.cancel(id, of: user, .root())
    }

    func delete(_ id: OrderID, of user: UserID = PlacementFixture.user) async throws {
        try await cancelling.delete(id, of: user, .root())
    }

    // MARK: Reading

    @Test func anOrderIsReadableBeforeAndAfterItIsRecorded() async throws {
        let placed = try await fixture.place().order
        #expect(try await order(placed.id) == placed)
        #expect(try await page().orders == [placed])
        try await move(placed, to: .processing)
        #expect(try await order(placed.id)?.status == .processing)
        #expect(try await page().orders.map(\.status) == [.processing])
        try await move(placed, to: .completed, isRecorded: true)
        #expect(try await order(placed.id)?.status == .completed)
        #expect(try await page().total == 1)
    }

    @Test func onlyItsOwnerReadsAnOrder() async throws {
        let placed = try await fixture.place().order
        for isRecorded in [false, true] {
            if isRecorded { try await move(placed, to: .completed, isRecorded: true) }
            #expect(try await order(placed.id, of: PlacementFixture.otherUser) == nil)
            #expect(try await status(placed, of: PlacementFixture.otherUser) == nil)
            #expect(try await page(of: PlacementFixture.otherUser).total == 0)
        }
    }

    /// Redis and PostgreSQL hold the names' bytes; the names are canonically equivalent.
    @Test func usersWhoseNamesLookAlikeAreTwo() async throws {
        let (one, other) = (UserID("Jos\u{E9}")!, UserID("Jose\u{301}")!)
        let placed = try await fixture.accept.accept(
            PlacementFixture.request(), from: one, trace: .root(), cause: "r-1"
        ).order
        for isRecorded in [false, true] {
            if isRecorded { try await move(placed, to: .completed, isRecorded: true) }
            #expect(try await order(placed.id, of: one)?.id == placed.id)
            #expect(try await order(placed.id, of: other) == nil)
            #expect(try await status(placed, of: other) == nil)
            #expect(try await page(of: other).total == 0)
            await #expect(throws: OrderChangeError.notFound) { try await cancel(placed.id, of: other) }
            await #expect(throws: OrderChangeError.notFound) { try await delete(placed.id, of: other) }
        }
    }

    @Test func anOrderInTheIntakeTableIsReadable() async throws {
        fixture.workflows.faults = [.accept: .away]
        let placed = try await fixture.place(key: "k").order
        fixture.workflows.faults = [:]
        fixture.queries.take(placed, key: "k")
        #expect(try await order(placed.id) == placed)
        #expect(try await page().orders == [placed])
        #expect(try await status(placed)?.status == .accepted)
        #expect(try await cancel(placed.id).status == .cancelled)
        #expect(fixture.queries.recorded.map(\.key) == ["k"])
    }

    @Test func withoutRedisRecordedOrdersAreReadable() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .completed, isRecorded: true)
        fixture.workflows.faults = [.pending: .away, .workflow: .away, .list: .away]
        #expect(try await order(placed.id) != nil)
        #expect(try await status(placed)?.status == .completed)
        #expect(try await page().total == 1)
    }

    /// While its copy in Redis is not removed yet.
    @Test func anEndComesFromTheRecord() async throws {
        let placed = try await fixture.place().order
        var failed = placed
        (failed.status, failed.failure) = (.failed, .productUnavailable)
        fixture.queries.insert([failed])
        try await move(placed, to: .failed)
        let found = try #require(try await stored(placed.id))
        #expect(found.order == failed && found.isRecorded && !found.history.isEmpty)
        fixture.queries.fault = OrderQueryError(reason: "away")
        #expect(try await order(placed.id)?.status == .failed)
    }

    @Test func withoutRedisADeletedOrderIsNotFound() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .completed, isRecorded: true)
        try await delete(placed.id)
        fixture.workflows.faults = [.pending: .away, .workflow: .away, .list: .away]
        #expect(try await order(placed.id) == nil)
        #expect(try await status(placed) == nil)
        await #expect(throws: OrderChangeError.notFound) { try await cancel(placed.id) }
        await #expect(throws: OrderChangeError.notFound) { try await delete(placed.id) }
        await #expect(throws: OrderQueryError.self) { try await order(try #require(OrderID(999))) }
    }

    @Test func withoutTheDatabasePendingOrdersAreReadable() async throws {
        let placed = try await fixture.place().order
        fixture.queries.fault = OrderQueryError(reason: "away")
        #expect(try await order(placed.id) != nil)
        #expect(try await status(placed)?.status == .accepted)
        await #expect(throws: OrderQueryError.self) { try await order(try #require(OrderID(9))) }
    }

    @Test func theStatusHasTheOrderIDFromItsAcceptance() async throws {
        let placed = try await fixture.place().order
        for current in [OrderStatus.accepted, .processing, .completed] {
            try await move(placed, to: current, isRecorded: current == .completed)
            let report = try await status(placed)
            #expect(report?.orderID == placed.id && report?.status == current)
        }
        fixture.memory.flush()
        #expect(try await status(placed)?.orderID == placed.id)
    }

    // MARK: Cancelling

    /// PostgreSQL did not answer after it got the statement.
    @Test func anUnansweredCancellationIsInDoubt() async throws {
        let placed = try await fixture.place().order
        fixture.queries.cancelFault = OrderQueryError(reason: "late", isOutcomeUnknown: true)
        await #expect(throws: OrderChangeError.inDoubt(reason: "late")) { try await cancel(placed.id) }
        #expect(Problem(OrderChangeError.inDoubt(reason: "late")).detail?.contains("not known") == true)
    }

    @Test func anOrderIsCancelledOnce() async throws {
        let placed = try await fixture.place().order
        for _ in 0..<2 { #expect(try await cancel(placed.id).status == .cancelled) }
        #expect(try await fixture.status(of: placed) == .cancelled)
        #expect(try await order(placed.id)?.status == .cancelled)
        #expect(fixture.queries.recorded.map(\.order.status) == [.cancelled])
        #expect(fixture.sender.sent.map(\.envelope.type) == ["order.accepted.v1", "order.cancelled.v1"])
        #expect(fixture.queries.published == [EventKey(placed.id, version: 2)])
    }

    /// Whatever Redis forgets afterwards.
    @Test func aCancellationIsInPostgres() async throws {
        let placed = try await fixture.place().order
        _ = try await cancel(placed.id)
        fixture.memory.flush()
        #expect(try await status(placed)?.status == .cancelled)
        #expect(try await cancel(placed.id).status == .cancelled)
    }

    @Test func anOrderInProcessingIsCancelledUnlessItIsRecorded() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .processing)
        #expect(try await cancel(placed.id).status == .cancelled)
        #expect(try await fixture.status(of: placed) == .cancelled)
    }

    /// PostgreSQL has it, and Redis does not know yet.
    @Test(arguments: [OrderStatus.completed, .failed], [false, true])
    func whoComesSecondIsRefused(status: OrderStatus, isKnown: Bool) async throws {
        var placed = try await fixture.place().order
        if isKnown {
            try await move(placed, to: status, isRecorded: true)
        } else {
            placed.status = status
            fixture.queries.insert([placed])
        }
        await #expect(throws: OrderChangeError.notCancellable(status)) { try await cancel(placed.id) }
        #expect(fixture.queries.recorded.map(\.order.status) == [status])
    }

    @Test func onlyItsOwnerCancelsAnOrder() async throws {
        let placed = try await fixture.place().order
        await #expect(throws: OrderChangeError.notFound) {
            try await cancel(placed.id, of: PlacementFixture.otherUser)
        }
        #expect(try await fixture.status(of: placed) == .accepted)
    }

    @Test func withoutPostgresNothingIsCancelled() async throws {
        let placed = try await fixture.place().order
        fixture.queries.fault = OrderQueryError(reason: "away")
        await #expect(throws: OrderChangeError.unavailable(reason: "away")) { try await cancel(placed.id) }
        #expect(try await fixture.status(of: placed) == .accepted)
        #expect(fixture.sender.sent.count == 1)
    }

    @Test func withoutRedisAndTheBrokerACancellationStands() async throws {
        let placed = try await fixture.place().order
        fixture.workflows.faults = [.advance: .away]
        fixture.sender.failures = [.away]
        #expect(try await cancel(placed.id).status == .cancelled)
        // The relay publishes.
        #expect(fixture.queries.published.isEmpty)
    }

    // MARK: Deleting

    @Test func aPendingOrderIsHiddenAndCancelled() async throws {
        let placed = try await fixture.place().order
        try await delete(placed.id)
        #expect(fixture.queries.recorded.map(\.order.status) == [.cancelled])
        for _ in 0..<2 {
            #expect(try await order(placed.id) == nil)
            #expect(try await status(placed) == nil)
            #expect(try await page().total == 0)
            // Its message arrives all the same.
            try await move(placed, to: .cancelled, isRecorded: true)
        }
        await #expect(throws: OrderChangeError.notFound) { try await delete(placed.id) }
        #expect(fixture.sender.sent.count == 1)
    }

    @Test func aRecordedOrderIsHidden() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .completed, isRecorded: true)
        await #expect(throws: OrderChangeError.notFound) {
            try await delete(placed.id, of: PlacementFixture.otherUser)
        }
        try await delete(placed.id)
        #expect(try await page().total == 0)
        #expect(try await status(placed) == nil)
    }

    /// order-process writes the owner again.
    @Test func theStatusOfADeletedOrderIsNotFound() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .completed, isRecorded: true)
        try await delete(placed.id)
        #expect(try await fixture.status(of: placed) == .completed)
        try await move(placed, to: .completed, isRecorded: true)
        #expect(try await status(placed) == nil)
        fixture.queries.fault = OrderQueryError(reason: "away")
        #expect(try await status(placed)?.status == .completed)
    }

    /// Redis does not answer between the look-up and the removal.
    @Test func aDeletionStandsWithoutRedis() async throws {
        let placed = try await fixture.place().order
        fixture.workflows.faults = [.forget: .late, .advance: .late]
        try await delete(placed.id)
        #expect(fixture.queries.recorded.map(\.order.status) == [.cancelled])
    }

    @Test func anUnavailableStoreIsNotAnAbsentOrder() async throws {
        let placed = try await fixture.place().order
        // Another replica accepted it.
        fixture.recent.remove(placed.id)
        fixture.workflows.faults = [.pending: .away]
        await #expect(throws: OrderChangeError.unavailable(reason: "\(WorkflowStateError.away)")) {
            try await delete(placed.id)
        }
        fixture.workflows.faults = [:]
        fixture.queries.fault = OrderQueryError(reason: "away")
        await #expect(throws: OrderChangeError.unavailable(reason: "away")) { try await delete(placed.id) }
        #expect(try await fixture.status(of: placed) == .accepted)
    }
}
