import EventLoop
import MemoryAdapters
import Orders
import Testing
import WorkflowState

@testable import OrderAccept

/// What becomes of queued orders when Redis loses their copies, or keeps them for too long.
extension OrderChangesTests {
    /// A queue that is longer than the lifetime of the keys.
    @Test func queuedOrdersDoNotExpire() async throws {
        let placed = try await fixture.place().order
        for _ in 0..<10 {
            fixture.memory.advance(by: .seconds(2000))
            await renewal.renew()
        }
        #expect(try await order(placed.id) == placed)
        #expect(try await status(placed)?.status == .accepted)
        #expect(try await page().orders == [placed])
        try await move(placed, to: .completed, isRecorded: true)
        await renewal.renew()
        fixture.memory.advance(by: .seconds(2701))
        #expect(try await fixture.workflows.memory.workflow(placed.correlationID) == nil)
    }

    /// A queued order is known to the replica that accepted it.
    @Test func aQueuedOrderThatRedisForgotIsFound() async throws {
        let placed = try await fixture.place(key: "k").order
        fixture.memory.flush()
        #expect(try await order(placed.id) == placed)
        #expect(try await status(placed)?.status == .accepted)
        #expect(try await page().orders == [placed])
        #expect(try await order(placed.id, of: PlacementFixture.otherUser) == nil)
        #expect(try await status(placed, of: PlacementFixture.otherUser) == nil)
        #expect(try await page(of: PlacementFixture.otherUser).orders == [])
        #expect(try await cancel(placed.id).status == .cancelled)
        #expect(fixture.queries.recorded.map(\.key) == ["k"])
        try await delete(placed.id)
        #expect(try await order(placed.id) == nil)
        #expect(try await page().orders == [])
    }

    /// On another replica.
    @Test func aForgottenOrderThatIsDeletedIsNotFound() async throws {
        let placed = try await fixture.place().order
        fixture.memory.flush()
        fixture.queries.insert([placed])
        _ = try await fixture.queries.delete(placed.id, of: placed.customer)
        #expect(try await order(placed.id) == nil)
        #expect(try await status(placed) == nil)
        #expect(try await page().orders == [])
        await #expect(throws: OrderChangeError.notFound) { try await cancel(placed.id) }
    }

    @Test(arguments: [OrderStatus.completed, nil])
    func copiesThatRedisForgotAreWrittenAgain(recorded: OrderStatus?) async throws {
        let recent = RecentOrders(pause: .zero)
        let renewal = QueuedOrderRenewal(
            fixture.workflows, fixture.queries, recent: recent, lifetime: .seconds(2700))
        let placed = try await fixture.place()
        recent.add(placed.acceptance)
        await renewal.restore()
        #expect(recent.acceptance(placed.order.id) != nil)
        fixture.memory.flush()
        if let recorded {
            var order = placed.order
            order.status = recorded
            fixture.queries.insert([order])
        }
        fixture.queries.fault = OrderQueryError(reason: "away")
        await renewal.restore()
        #expect(try await fixture.status(of: placed.order) == nil)
        #expect(recent.acceptance(placed.order.id) != nil)
        fixture.queries.fault = nil
        await renewal.restore()
        let copies = try await fixture.workflows.copies(of: [placed.acceptance.queued])
        #expect(copies == [recorded == nil ? .complete : .incomplete])
        #expect((recent.acceptance(placed.order.id) == nil) == (recorded != nil))
        try await move(placed.order, to: .completed, isRecorded: true)
        await renewal.restore()
        #expect(recent.acceptance(placed.order.id) == nil)
    }

    @Test func aFailureWithoutARecordIsKnown() async throws {
        let placed = try await fixture.place().order
        try await move(placed, to: .failed)
        _ = try await fixture.workflows.renewQueued(after: nil, limit: 10)
        #expect(try await status(placed)?.status == .failed)
        #expect(try await order(placed.id)?.status == .failed)
        #expect(try await page().orders.map(\.status) == [.failed])
        #expect(try await status(placed, of: PlacementFixture.otherUser) == nil)
        fixture.queries.insert([placed])
        _ = try await fixture.queries.delete(placed.id, of: placed.customer)
        #expect(try await status(placed) == nil)
    }

    /// The first becomes the order.
    @Test func aRepeatUnderAForgottenKeyIsListedOnce() async throws {
        let placed = try await fixture.place(key: "k").order
        fixture.memory.flush()
        let repeated = try await fixture.place(key: "k").order
        let another = try await fixture.place(key: "l").order
        #expect(repeated.id != placed.id)
        #expect(Set(try await page().orders.map(\.id)) == [placed.id, another.id])
        #expect(try await order(repeated.id) == repeated)
    }

    /// As of a replica that was killed before it had published, when the edge asked another one.
    @Test func theCopiesOfARepetitionAreForgotten() async throws {
        let placed = try await fixture.place(key: "k").order
        let repetition = try await fixture.place(key: "k").order
        let another = try await fixture.place(["AZ-104": 3], key: "k").order
        await renewal.reconcile()
        #expect(try await order(repetition.id) == repetition)
        fixture.queries.insert([placed], key: "k")
        await renewal.reconcile()
        #expect(try await order(repetition.id) == nil)
        #expect(fixture.memory.queued.map(\.orderID) == [another.id])
        #expect(fixture.recent.acceptance(repetition.id) == nil)
    }

    /// An order of a replica that was restarted meanwhile.
    @Test func aReplicaKeepsWhatWasQueuedWhenItStarted() async throws {
        let placed = try await fixture.place().order
        let recent = RecentOrders(pause: .zero)
        let renewal = QueuedOrderRenewal(
            fixture.workflows, fixture.queries, recent: recent, lifetime: .seconds(2700))
        fixture.workflows.faults = [.queued: .away]
        await renewal.adopt()
        #expect(recent.acceptance(placed.id) == nil)
        fixture.workflows.faults = [:]
        await renewal.adopt()
        fixture.memory.flush()
        await renewal.restore()
        #expect(try await order(placed.id) == placed)
        #expect(try await fixture.status(of: placed) == .accepted)
    }

    @Test func recentOrdersAreBounded() async throws {
        let recent = RecentOrders(limit: 3_000)
        var placed: [AcceptedOrder] = []
        for _ in 0..<20 { placed.append(try await fixture.place()) }
        for order in placed { recent.add(order.acceptance) }
        let kept = placed.filter { recent.acceptance($0.order.id) != nil }
        #expect(kept.map(\.order.id) == placed.suffix(kept.count).map(\.order.id))
        #expect((1..<20).contains(kept.count))
        #expect(recent.acceptance(placed[0].order.correlationID) == nil)
        #expect(recent.nextDue() == nil)
    }

    /// The oldest generation is dropped first, and one that is compared meanwhile does not come back.
    @Test func recentOrdersAreComparedByGeneration() async throws {
        let recent = RecentOrders(limit: 4_000, pause: .zero)
        var placed: [AcceptedOrder] = []
        for _ in 0..<3 {
            placed.append(try await fixture.place())
            recent.add(placed.last!.acceptance)
            #expect(recent.nextDue()?.ids == [placed[0].order.id])
        }
        #expect(recent.generations == 3 && recent.acceptances(of: PlacementFixture.user).count == 3)
        let first = try #require(recent.nextDue())
        recent.compared(first, waiting: [placed[0].order.id])
        #expect(recent.acceptance(placed[0].order.id) != nil)
        recent.remove(placed[0].order.id)
        recent.compared(first, waiting: [placed[0].order.id])
        #expect(recent.acceptance(placed[0].order.id) == nil)
        while let generation = recent.nextDue() { recent.compared(generation, waiting: []) }
        #expect(recent.generations == 0 && recent.acceptances(of: PlacementFixture.user).isEmpty)
        for _ in 0..<40 { recent.add(try await fixture.place().acceptance) }
        #expect((1...12).contains(recent.acceptances(of: PlacementFixture.user).count))
    }

    /// Redis may have it.
    @Test func withoutRedisAnUnknownOrderIsNotAbsent() async throws {
        fixture.workflows.faults = [.pending: .away, .workflow: .away]
        await #expect(throws: OrderQueryError.self) { try await order(try #require(OrderID(9))) }
        let unknown = try await fixture.place().order.correlationID
        fixture.recent.remove(try #require(fixture.recent.acceptance(unknown)?.orderID))
        await #expect(throws: OrderQueryError.self) {
            try await reading.status(unknown, of: PlacementFixture.user)
        }
    }

    /// Another replica's order is recorded between two questions to PostgreSQL.
    @Test func withoutRedisAnOrderThatIsRecordedMeanwhileIsFound() async throws {
        func found<Answer>(_ question: (Order) async throws -> Answer?) async throws -> Bool {
            fixture.workflows.faults = [:]
            let order = try await fixture.place().order
            fixture.recent.remove(order.id)
            fixture.workflows.faults = [.pending: .away, .workflow: .away]
            let queries = fixture.queries
            queries.meanwhile = { queries.insert([order]) }
            return try await question(order) != nil
        }
        #expect(try await found { try await self.order($0.id) })
        #expect(try await found { try await self.status($0) })
        await #expect(throws: OrderChangeError.notCancellable(.accepted)) {
            try await found { try await self.cancel($0.id) }
        }
    }

    /// They are left behind when Redis did not answer order-process, or got a late write of order-accept.
    @Test func copiesOfARecordedOrderAreRemoved() async throws {
        let (placed, waiting) = (try await fixture.place().order, try await fixture.place().order)
        var recorded = placed
        recorded.status = .completed
        fixture.queries.insert([recorded])
        fixture.queries.fault = OrderQueryError(reason: "away")
        await renewal.reconcile()
        #expect(try await fixture.status(of: placed) == .accepted)
        fixture.queries.fault = nil
        await renewal.reconcile()
        #expect(try await fixture.status(of: placed) == .completed)
        #expect(try await fixture.workflows.memory.pending(placed.id) == nil)
        #expect(
            try await fixture.workflows.memory.queued(after: nil, limit: 9).map(\.orderID) == [waiting.id])
    }
}
