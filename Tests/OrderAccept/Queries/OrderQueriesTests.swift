import EventLoop
import Orders
import Testing

@testable import OrderAccept

/// Holds for both adapters, in memory and PostgreSQL.
@Loop @Suite struct OrderQueriesTests {
    @Test(arguments: OrderQueriesDriver.available)
    func anOrderComesBackAsItWas(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { world in
            let order = world.order(1, lines: 3)
            try await world.insert([order, world.order(2)])
            #expect(try await world.queries.order(order.id, of: PlacementFixture.user) == order)
            let report = try #require(
                try await world.queries.status(order.correlationID, of: PlacementFixture.user))
            #expect(report.orderID == order.id && report.status == .completed)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func pagesAreNewestFirstAndStable(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { world in
            let orders = (1...5).map { world.order($0, lines: 2) }
            try await world.insert(orders)
            let queries = world.queries
            var seen: [Order] = []
            for offset in stride(from: 0, to: 6, by: 2) {
                let page = try await queries.page(of: PlacementFixture.user, offset: offset, size: 2)
                #expect(page.total == 5)
                seen += page.orders
            }
            #expect(seen == Array(orders.reversed()))
            let far = try await queries.page(of: PlacementFixture.user, offset: .max, size: 100)
            #expect(far.orders.isEmpty && far.total == 5)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func nobodySeesOrDeletesAnothersOrder(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { world in
            let order = world.order(1)
            try await world.insert([order])
            let queries = world.queries
            #expect(try await queries.order(order.id, of: PlacementFixture.otherUser) == nil)
            #expect(try await queries.status(order.correlationID, of: PlacementFixture.otherUser) == nil)
            #expect(try await queries.page(of: PlacementFixture.otherUser, offset: 0, size: 10).total == 0)
            #expect(try await !queries.delete(order.id, of: PlacementFixture.otherUser, isPending: false))
            #expect(try await queries.order(order.id, of: PlacementFixture.user) == order)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func whatIsDeletedIsGoneEverywhere(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { world in
            let order = world.order(1)
            try await world.insert([order, world.order(2)])
            let queries = world.queries
            #expect(try await queries.delete(order.id, of: PlacementFixture.user, isPending: false))
            #expect(try await !queries.delete(order.id, of: PlacementFixture.user, isPending: false))
            #expect(try await queries.order(order.id, of: PlacementFixture.user) == nil)
            #expect(try await queries.status(order.correlationID, of: PlacementFixture.user) == nil)
            #expect(try await queries.page(of: PlacementFixture.user, offset: 0, size: 10).total == 1)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func whatIsDeletedBeforeItComesStaysAway(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { world in
            let order = world.order(1)
            let queries = world.queries
            for _ in 0..<2 {
                #expect(try await queries.delete(order.id, of: PlacementFixture.user, isPending: true))
            }
            try await world.insert([order, world.order(2)])
            #expect(try await queries.order(order.id, of: PlacementFixture.user) == nil)
            #expect(try await queries.page(of: PlacementFixture.user, offset: 0, size: 10).total == 1)
        }
    }
}
