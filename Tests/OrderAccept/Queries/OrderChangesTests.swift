import EventLoop
import MemoryAdapters
import Orders
import Testing
import WorkflowState

@testable import OrderAccept

/// Reading, cancelling and deleting, before and after an order is persisted.
@Loop @Suite struct OrderChangesTests {
    let fixture = PlacementFixture()
    let reading: ReadOrders
    let cancelling: CancelOrder
    let deleting: DeleteOrder

    init() {
        reading = ReadOrders(state: fixture.workflows, queries: fixture.queries)
        cancelling = CancelOrder(state: fixture.workflows, queries: fixture.queries)
        deleting = DeleteOrder(state: fixture.workflows, queries: fixture.queries)
    }

    private func move(_ order: Order, to status: OrderStatus, isPersisted: Bool = false) async throws {
        _ = try await fixture.workflows.memory.advance([
            WorkflowStep(
                status, correlationID: order.correlationID, orderID: order.id, owner: order.customer,
                isPersisted: isPersisted)
        ])
        guard isPersisted else { return }
        var order = order
        order.status = status
        fixture.queries.insert([order])
    }

    // MARK: Reading

    @Test func anOrderIsReadableBeforeAndAfterItIsPersisted() async throws {
        let order = try await fixture.place().order
        #expect(try await reading.order(order.id, of: PlacementFixture.user) == order)
        try await move(order, to: .processing)
        #expect(try await reading.order(order.id, of: PlacementFixture.user)?.status == .processing)
        try await move(order, to: .completed, isPersisted: true)
        #expect(try await reading.order(order.id, of: PlacementFixture.user)?.status == .completed)
        #expect(try await reading.page(of: PlacementFixture.user, offset: 0, size: 10).total == 1)
    }

    @Test func onlyItsOwnerReadsAnOrder() async throws {
        let order = try await fixture.place().order
        #expect(try await reading.order(order.id, of: PlacementFixture.otherUser) == nil)
        #expect(try await reading.status(order.correlationID, of: PlacementFixture.otherUser) == nil)
        try await move(order, to: .completed, isPersisted: true)
        #expect(try await reading.order(order.id, of: PlacementFixture.otherUser) == nil)
        #expect(try await reading.page(of: PlacementFixture.otherUser, offset: 0, size: 10).total == 0)
    }

    @Test func withoutRedisPersistedOrdersAreReadable() async throws {
        let order = try await fixture.place().order
        try await move(order, to: .completed, isPersisted: true)
        fixture.workflows.faults = [.pending: .away, .workflow: .away]
        #expect(try await reading.order(order.id, of: PlacementFixture.user) != nil)
        #expect(
            try await reading.status(order.correlationID, of: PlacementFixture.user)?.status == .completed)
    }

    @Test func withoutTheDatabasePendingOrdersAreReadable() async throws {
        let order = try await fixture.place().order
        fixture.queries.fault = OrderQueryError(reason: "away")
        #expect(try await reading.order(order.id, of: PlacementFixture.user) != nil)
        #expect(try await reading.status(order.correlationID, of: PlacementFixture.user)?.status == .accepted)
        await #expect(throws: OrderQueryError.self) {
            try await reading.order(try #require(OrderID(9)), of: PlacementFixture.user)
        }
    }

    @Test func theStatusHasTheOrderIDFromItsAcceptance() async throws {
        let order = try await fixture.place().order
        for status in [OrderStatus.accepted, .processing, .completed] {
            try await move(order, to: status, isPersisted: status == .completed)
            let report = try await reading.status(order.correlationID, of: PlacementFixture.user)
            #expect(report?.orderID == order.id && report?.status == status)
        }
        fixture.memory.flush()
        #expect(try await reading.status(order.correlationID, of: PlacementFixture.user)?.orderID == order.id)
    }

    // MARK: Cancelling

    @Test func aPendingOrderIsCancelledOnce() async throws {
        let order = try await fixture.place().order
        for _ in 0..<2 {
            #expect(try await cancelling.cancel(order.id, of: PlacementFixture.user).status == .cancelled)
        }
        #expect(try await fixture.status(of: order) == .cancelled)
        #expect(try await reading.order(order.id, of: PlacementFixture.user)?.status == .cancelled)
        try await move(order, to: .cancelled, isPersisted: true)
        #expect(try await cancelling.cancel(order.id, of: PlacementFixture.user).status == .cancelled)
    }

    @Test(arguments: [OrderStatus.processing, .completed, .failed], [false, true])
    func whoComesSecondIsRefused(status: OrderStatus, isPersisted: Bool) async throws {
        let order = try await fixture.place().order
        try await move(order, to: status, isPersisted: isPersisted)
        await #expect(throws: OrderChangeError.notCancellable(status)) {
            try await cancelling.cancel(order.id, of: PlacementFixture.user)
        }
        #expect(try await fixture.status(of: order) == status)
    }

    @Test func onlyItsOwnerCancelsAnOrder() async throws {
        let order = try await fixture.place().order
        await #expect(throws: OrderChangeError.notFound) {
            try await cancelling.cancel(order.id, of: PlacementFixture.otherUser)
        }
        #expect(try await fixture.status(of: order) == .accepted)
    }

    @Test func withoutTheStatusStoreNothingIsCancelled() async throws {
        let order = try await fixture.place().order
        for call in [WorkflowCall.pending, .advance] {
            fixture.workflows.faults = [call: .away]
            await #expect(throws: OrderChangeError.unavailable(reason: "\(WorkflowStateError.away)")) {
                try await cancelling.cancel(order.id, of: PlacementFixture.user)
            }
        }
    }

    // MARK: Deleting

    @Test func aPendingOrderIsHiddenAndCancelled() async throws {
        let order = try await fixture.place().order
        try await deleting.delete(order.id, of: PlacementFixture.user)
        #expect(try await reading.order(order.id, of: PlacementFixture.user) == nil)
        #expect(try await fixture.status(of: order) == .cancelled)
        // It comes all the same, and stays hidden.
        try await move(order, to: .cancelled, isPersisted: true)
        #expect(try await reading.order(order.id, of: PlacementFixture.user) == nil)
        await #expect(throws: OrderChangeError.notFound) {
            try await deleting.delete(order.id, of: PlacementFixture.user)
        }
    }

    @Test func aPersistedOrderIsHidden() async throws {
        let order = try await fixture.place().order
        try await move(order, to: .completed, isPersisted: true)
        await #expect(throws: OrderChangeError.notFound) {
            try await deleting.delete(order.id, of: PlacementFixture.otherUser)
        }
        try await deleting.delete(order.id, of: PlacementFixture.user)
        #expect(try await reading.page(of: PlacementFixture.user, offset: 0, size: 10).total == 0)
    }

    @Test func anUnavailableStoreIsNotAnAbsentOrder() async throws {
        let order = try await fixture.place().order
        fixture.workflows.faults = [.pending: .away]
        await #expect(throws: OrderChangeError.unavailable(reason: "\(WorkflowStateError.away)")) {
            try await deleting.delete(order.id, of: PlacementFixture.user)
        }
        fixture.workflows.faults = [:]
        fixture.queries.fault = OrderQueryError(reason: "away")
        await #expect(throws: OrderChangeError.unavailable(reason: "away")) {
            try await deleting.delete(order.id, of: PlacementFixture.user)
        }
        #expect(try await fixture.status(of: order) == .accepted)
    }
}
