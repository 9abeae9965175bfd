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
            #expect(try await fixture.workflows.pending(order.orderID) == nil)
            try await fixture.workflows.accept(order)
            let workflow = try #require(try await fixture.workflows.workflow(order.correlationID))
            #expect(workflow.status.status == .accepted && workflow.owner == order.owner)
            #expect(workflow.orderID == order.orderID && workflow.status.orderID == nil)
            #expect(workflow.age < .seconds(5))
            #expect(try await fixture.workflows.pending(order.orderID) == order.pending)
            let other = fixture.order()
            #expect(
                try await fixture.workflows.owners(of: [other.correlationID, order.correlationID])
                    == [nil, order.owner])
            try await fixture.workflows.discardPending([order.orderID, other.orderID])
            #expect(try await fixture.workflows.pending(order.orderID) == nil)
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
            for order in orders.prefix(2) { try await fixture.workflows.accept(order) }
            var steps = orders.map {
                WorkflowStep(
                    .processing, correlationID: $0.correlationID, orderID: $0.orderID, owner: $0.owner)
            }
            steps.append(steps[0])
            let outcomes = try await fixture.workflows.advance(steps)
            #expect(outcomes.map(\.moved) == Array(repeating: true, count: 130) + [false])
            #expect(
                try await fixture.workflows.owners(of: orders.map(\.correlationID)) == orders.map(\.owner))
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
            #expect(try await fixture.workflows.owners(of: [order.correlationID]) == [nil])
            step.owner = order.owner
            #expect(try await fixture.workflows.advance([step])[0].moved == false)
            #expect(try await fixture.workflows.owners(of: [order.correlationID]) == [order.owner])
        }
    }

    @Test(arguments: Driver.available) func anOwnerIsNeverOverwritten(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            let step = WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.orderID, owner: fixture.user())
            _ = try await fixture.workflows.advance([step])
            #expect(try await fixture.workflows.owners(of: [order.correlationID]) == [order.owner])
        }
    }

    @Test(arguments: Driver.available) func advanceAndRefreshRenewLifetimes(driver: Driver) async throws {
        var short = Retention.test
        short.workflow = .seconds(30)
        try await with(driver, short) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            let before = try await fixture.retention(order.correlationID)
            try await eventually("time passes") {
                try await fixture.retention(order.correlationID).status! < before.status! || driver == .memory
            }
            for action in [true, false] {
                if action {
                    try await fixture.workflows.refresh([order.correlationID])
                } else {
                    let step = WorkflowStep(
                        .accepted, correlationID: order.correlationID, orderID: order.orderID, owner: nil)
                    #expect(try await fixture.workflows.advance([step])[0].moved == false)
                }
                let after = try await fixture.retention(order.correlationID)
                #expect(try #require(after.owner) > .seconds(29) && #require(after.status) > .seconds(29))
            }
            let unknown = fixture.order()
            try await fixture.workflows.refresh([unknown.correlationID])
            #expect(try await fixture.workflows.workflow(unknown.correlationID) == nil)
        }
    }

    @Test(arguments: Driver.available) func withdrawsOnlyAnUnchangedAcceptance(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.workflows.accept(order)
            #expect(try await fixture.workflows.withdraw(order.correlationID, order.orderID))
            #expect(try await fixture.workflows.workflow(order.correlationID) == nil)
            #expect(try await fixture.workflows.pending(order.orderID) == nil)
            #expect(try await fixture.workflows.owners(of: [order.correlationID]) == [nil])
            let step = WorkflowStep(
                .processing, correlationID: order.correlationID, orderID: order.orderID, owner: order.owner)
            _ = try await fixture.workflows.advance([step])
            #expect(try await fixture.workflows.workflow(order.correlationID)?.orderID == nil)
            try await fixture.expire([order.correlationID], [])

            try await fixture.workflows.accept(order)
            _ = try await fixture.workflows.advance([step])
            #expect(try await !fixture.workflows.withdraw(order.correlationID, order.orderID))
            #expect(try await fixture.workflows.pending(order.orderID) == order.pending)
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
            #expect(try await fixture.workflows.pending(order.orderID) != nil)
            step.status = .completed
            step.isPersisted = true
            _ = try await fixture.workflows.advance([step])
            #expect(try await fixture.workflows.pending(order.orderID) == nil)
        }
    }

    @Test(arguments: Driver.available) func overwritesAnUnknownStatus(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            try await fixture.corrupt(order.correlationID, "NONSENSE")
            let step = WorkflowStep(
                .processing, correlationID: order.correlationID, orderID: order.orderID, owner: order.owner)
            #expect(try await fixture.workflows.advance([step])[0].moved)
        }
    }
}
