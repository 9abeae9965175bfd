import EventLoop
import Orders
import TestSupport
import Testing

@testable import WorkflowState

@Suite(.timeLimit(.minutes(1))) @Loop struct WorkflowStoreTests {
    @Test(arguments: Driver.available) func storesAcceptedOrders(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            #expect(try await fixture.workflows.workflow(order.correlationID) == nil)
            #expect(try await fixture.workflows.pending(order.orderID, of: order.owner) == nil)
            try await fixture.workflows.accept(order)
            let workflow = try #require(try await fixture.workflows.workflow(order.correlationID))
            #expect(workflow.status.status == .accepted && workflow.owner == order.owner)
            #expect(workflow.orderID == order.orderID && workflow.status.orderID == nil)
            #expect(workflow.age < .seconds(5))
            #expect(try await fixture.workflows.pending(order.orderID, of: order.owner) == order.pending)
            let other = fixture.order()
            #expect(
                try await fixture.workflows.owners(of: [other.correlationID, order.correlationID]).map(
                    \.?.user)
                    == [nil, order.owner])
            let pending = try await fixture.workflows.pending(of: order.owner, limit: 10)
            #expect(pending == [PendingOrderState(contents: order.pending, status: workflow.status)])
        }
    }

    @Test(arguments: Driver.available) func tellsWhatIsLeftOfOrders(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let (queued, recorded, unknown) = (fixture.order(), fixture.order(), fixture.order())
            for order in [queued, recorded] { try await fixture.workflows.accept(order) }
            @Loop func copies() async throws -> [OrderCopies] {
                try await fixture.workflows.copies(of: [queued, recorded, unknown].map(\.queued))
            }
            #expect(try await copies() == [.complete, .complete, .incomplete])
            for (status, expected) in [
                (OrderStatus.processing, OrderCopies.complete), (.completed, .settled),
            ] {
                let step = WorkflowStep(
                    status, correlationID: recorded.correlationID, orderID: recorded.orderID,
                    owner: recorded.owner)
                _ = try await fixture.workflows.advance([step])
                #expect(try await copies() == [.complete, expected, .incomplete])
            }
            #expect(try await fixture.workflows.copies(of: []) == [])
        }
    }

    @Test(arguments: Driver.available, OrderCopy.allCases)
    func eachLostCopyIsNoticed(driver: Driver, lost: OrderCopy) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            try await fixture.lose(order.queued, lost)
            #expect(try await fixture.workflows.copies(of: [order.queued]) == [.incomplete])
            try await fixture.workflows.accept(order)
            #expect(try await fixture.workflows.copies(of: [order.queued]) == [.complete])
        }
    }

    @Test(arguments: Driver.available) func aLateAcceptanceKeepsTheStatus(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            let step = WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.orderID, owner: order.owner)
            _ = try await fixture.workflows.advance([step])
            try await fixture.workflows.accept(order)
            #expect(try await fixture.workflows.workflow(order.correlationID)?.status.status == .completed)
        }
    }

    @Test(arguments: Driver.available) func everyStepFollowsTheTransitionTable(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            for from in OrderStatus.allCases {
                for to in OrderStatus.allCases {
                    for cause in OrderStatus.Cause.allCases {
                        let order = fixture.order()
                        let start = WorkflowStep(
                            from, correlationID: order.correlationID, orderID: order.orderID,
                            owner: order.owner)
                        if from == .processing { try await fixture.workflows.accept(order) }
                        #expect(try await fixture.workflows.advance([start])[0].moved)
                        var step = start
                        (step.status, step.cause) = (to, cause)
                        let outcome = try await fixture.workflows.advance([step])[0]
                        let expected = OrderStatus.transition(from: from, to: to, cause: cause) == .advance
                        #expect(outcome.moved == expected, "\(from) → \(to) by \(cause)")
                        #expect(outcome.status == WorkflowStatus(expected ? to : from, order.orderID))
                        let known = try await fixture.workflows.workflow(order.correlationID)
                        #expect(known?.status == outcome.status)
                    }
                }
            }
        }
    }

    @Test(arguments: Driver.available) func advancesABatchInOneStepEach(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let orders = (0..<130).map { _ in fixture.order() }
            for order in orders.dropLast() { try await fixture.workflows.accept(order) }
            var steps = orders.map {
                WorkflowStep(
                    .processing, correlationID: $0.correlationID, orderID: $0.orderID, owner: $0.owner)
            }
            steps.append(steps[0])
            let outcomes = try await fixture.workflows.advance(steps)
            // The last is not known: it may have ended.
            #expect(outcomes.map(\.moved) == Array(repeating: true, count: 129) + [false, false])
            #expect(outcomes[129].status == nil && outcomes[130].status?.status == .processing)
            #expect(
                try await fixture.workflows.owners(of: orders.map(\.correlationID)).map(\.?.user)
                    == orders.map(\.owner))
            #expect(try await fixture.workflows.advance([]).isEmpty)
        }
    }

    @Test(arguments: Driver.available) func writesAnExpiredOwnerAgain(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            try await fixture.expire([order.correlationID], [])
            var step = WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.orderID, owner: nil)
            _ = try await fixture.workflows.advance([step])
            #expect(try await fixture.workflows.owners(of: [order.correlationID]).map(\.?.user) == [nil])
            step.owner = order.owner
            #expect(try await fixture.workflows.advance([step])[0].moved == false)
            #expect(
                try await fixture.workflows.owners(of: [order.correlationID]).map(\.?.user) == [order.owner])
        }
    }

    @Test(arguments: Driver.available) func anOwnerIsNeverOverwritten(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            let step = WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.orderID, owner: fixture.user())
            _ = try await fixture.workflows.advance([step])
            #expect(
                try await fixture.workflows.owners(of: [order.correlationID]).map(\.?.user) == [order.owner])
        }
    }

    @Test(arguments: Driver.available) func aStepRenewsLifetimes(driver: Driver) async throws {
        var short = Retention.test
        short.workflow = .seconds(30)
        try await with(driver, short) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            let before = try await fixture.retention(order.correlationID)
            try await eventually("time passes") {
                try await fixture.retention(order.correlationID).status! < before.status! || driver == .memory
            }
            let step = WorkflowStep(
                .accepted, correlationID: order.correlationID, orderID: order.orderID, owner: nil)
            #expect(try await fixture.workflows.advance([step])[0].moved == false)
            let after = try await fixture.retention(order.correlationID)
            #expect(try #require(after.owner) > .seconds(29) && #require(after.status) > .seconds(29))
        }
    }

    @Test(arguments: Driver.available) func persistedOrdersLoseTheirPendingContents(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            var step = WorkflowStep(
                .processing, correlationID: order.correlationID, orderID: order.orderID, owner: order.owner)
            _ = try await fixture.workflows.advance([step])
            #expect(try await fixture.workflows.pending(order.orderID, of: order.owner) != nil)
            step.status = .completed
            step.isRecorded = true
            _ = try await fixture.workflows.advance([step])
            #expect(try await fixture.workflows.pending(order.orderID, of: order.owner) == nil)
            #expect(try await fixture.workflows.pending(of: order.owner, limit: 10).isEmpty)
        }
    }

    @Test(arguments: Driver.available) func listsAUsersPendingOrders(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let orders = (0..<3).map { _ in fixture.order(of: user) }
            let neighbours = [user.value + "a", user.value + ":", String(user.value.dropLast())]
            for name in neighbours { try await fixture.workflows.accept(fixture.order(of: UserID(name)!)) }
            for order in orders { try await fixture.workflows.accept(order) }
            #expect(try await fixture.workflows.pending(of: user, limit: 10).count == 3)
            #expect(try await fixture.workflows.pending(of: user, limit: 2).count == 2)
            try await fixture.workflows.withdraw(orders[0].queued)
            try await fixture.workflows.forget(orders[1].queued, isCancelled: true)
            try await fixture.workflows.forget(orders[2].queued, isCancelled: false)
            #expect(try await fixture.workflows.pending(of: user, limit: 10).isEmpty)
            #expect(try await fixture.workflows.workflow(orders[0].correlationID) == nil)
            let forgotten = try await fixture.workflows.workflow(orders[1].correlationID)
            #expect(forgotten?.status.status == .cancelled && forgotten?.owner == nil)
            let deleted = try await fixture.workflows.workflow(orders[2].correlationID)
            #expect(deleted?.status.status == .accepted && deleted?.owner == nil)
            for order in orders {
                #expect(try await fixture.workflows.pending(order.orderID, of: order.owner) == nil)
            }
        }
    }

    @Test(arguments: Driver.available) func renewsQueuedOrders(driver: Driver) async throws {
        var short = Retention.test
        short.workflow = .seconds(30)
        try await with(driver, short) { fixture in
            let user = fixture.user()
            let orders = (0..<6).map { _ in fixture.order(of: user) }
            for order in orders { try await fixture.workflows.accept(order) }
            // It may have no record.
            let failed = orders[5]
            _ = try await fixture.workflows.advance([
                WorkflowStep(
                    .failed, correlationID: failed.correlationID, orderID: failed.orderID, owner: user)
            ])
            // Its recording was not followed by a removal of its copies.
            let done = orders[4]
            _ = try await fixture.workflows.advance([
                WorkflowStep(
                    .completed, correlationID: done.correlationID, orderID: done.orderID, owner: user)
            ])
            // None would live longer than until then.
            let expired = Instant.systemNow() + short.workflow
            try await eventually("they live longer", within: .seconds(20)) {
                // The index is shared with other tests.
                var last: QueuedOrder?
                repeat {
                    last = try await fixture.workflows.renewQueued(after: last, limit: 2)
                } while last != nil
                for order in orders[..<4] {
                    let now = Instant.systemNow()
                    let after = try await fixture.retention(order.correlationID)
                    guard let owner = after.owner, let status = after.status, now + owner > expired,
                        now + status > expired
                    else { return false }
                }
                return true
            }
            #expect(try await fixture.workflows.pending(of: user, limit: 10).count == 5)
            #expect(try await fixture.workflows.pending(failed.orderID, of: user) != nil)
            #expect(try #require(await fixture.retention(failed.correlationID).status) <= short.workflow)
            let first = QueuedOrder(
                owner: user, orderID: orders[0].orderID, correlationID: orders[0].correlationID)
            #expect(
                try await fixture.workflows.queued(after: first, limit: 2).allSatisfy {
                    $0.orderID != first.orderID
                })
            #expect(try await fixture.workflows.pending(done.orderID, of: done.owner) == nil)
            #expect(try await fixture.workflows.workflow(done.correlationID)?.status.status == .completed)
        }
    }

    @Test(arguments: Driver.available) func overwritesAnUnknownStatus(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.corrupt(order.correlationID, "NONSENSE")
            let step = WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.orderID, owner: order.owner)
            #expect(try await fixture.workflows.advance([step])[0].moved)
        }
    }
}
