import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import Postgres
import TestSupport
import Testing
import WorkflowState

@testable import OrderAccept

/// Holds for both adapters, in memory and PostgreSQL.
@Loop @Suite struct OrderQueriesTests {
    private static let user = PlacementFixture.user
    private static let other = PlacementFixture.otherUser

    private func waiting(_ order: Order, key: String? = nil) -> StoredOrder {
        StoredOrder(order: order, isRecorded: false, idempotencyKey: key)
    }

    private func page(
        _ queries: any OrderQueries, of user: UserID = Self.user, offset: Int = 0, size: Int = 10,
        pending: [Order] = []
    ) async throws -> OrderPage {
        try await queries.page(
            of: user, PageRange(start: .offset(offset), size: size), pending: pending.map { waiting($0) })
    }

    @Test(arguments: OrderQueriesDriver.available)
    func returnsAnOrderAsItWas(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            let order = fixture.order(1, lines: 3)
            try await fixture.insert([order, fixture.order(2)])
            let stored = try #require(try await fixture.queries.order(order.id, of: Self.user))
            #expect(stored.order == order && stored.isRecorded)
            #expect(stored.history.map(\.status) == [.completed])
            let report = try #require(
                try await fixture.queries.status(order.correlationID, of: Self.user))
            #expect(report.orderID == order.id && report.status == .completed)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func pagesAreNewestFirstByAcceptance(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            // Accepted in turns by two replicas, whose blocks of ids lie apart.
            let orders = (1...5).map { fixture.order($0, id: $0 % 2 == 0 ? $0 : 1_000 + $0, lines: 2) }
            try await fixture.insert(orders)
            var seen: [Order] = []
            for offset in stride(from: 0, to: 6, by: 2) {
                let page = try await page(fixture.queries, offset: offset, size: 2)
                #expect(page.total == 5 && page.hasMore == (offset < 4))
                seen += page.orders
            }
            #expect(seen == Array(orders.reversed()))
            seen = []
            var next: OrderCursor? = nil
            repeat {
                let range = PageRange(start: next.map { .after($0) } ?? .offset(0), size: 2)
                let page = try await fixture.queries.page(of: Self.user, range, pending: [])
                seen += page.orders
                next = page.next
            } while next != nil
            #expect(seen == Array(orders.reversed()))
            let far = try await page(fixture.queries, offset: 1_000, size: 100)
            #expect(far.orders.isEmpty && far.total == 5 && far.next == nil)
        }
    }

    /// At every size, from every place, with pending orders anywhere between the recorded ones.
    @Test(arguments: OrderQueriesDriver.available)
    func pendingOrdersAreMerged(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            let orders = (1...7).map { fixture.order($0) }
            let pending = [1, 3, 6].map { orders[$0] }
            // The last pending one is recorded already.
            try await fixture.insert(orders.filter { !pending.dropLast().contains($0) })
            let expected = Array(orders.reversed())
            for size in 1...7 {
                for offset in 0...7 {
                    let page = try await page(fixture.queries, offset: offset, size: size, pending: pending)
                    #expect(page.orders == Array(expected.dropFirst(offset).prefix(size)))
                    #expect(page.total == 7 && page.hasMore == (offset + size < 7))
                }
                for (index, last) in expected.enumerated() {
                    let range = PageRange(start: .after(OrderCursor(last)), size: size)
                    let page = try await fixture.queries.page(
                        of: Self.user, range, pending: pending.map { waiting($0) })
                    #expect(page.orders == Array(expected.dropFirst(index + 1).prefix(size)))
                }
            }
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func nobodySeesOrDeletesAnothersOrder(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            let order = fixture.order(1)
            try await fixture.insert([order])
            let queries = fixture.queries
            #expect(try await queries.order(order.id, of: Self.other) == nil)
            #expect(try await queries.status(order.correlationID, of: Self.other) == nil)
            #expect(try await page(queries, of: Self.other).total == 0)
            #expect(try await queries.delete(order.id, of: Self.other) == nil)
            #expect(try await queries.order(order.id, of: Self.user)?.order == order)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func aDeletedOrderIsHiddenEverywhere(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            let order = fixture.order(1)
            try await fixture.insert([order, fixture.order(2)])
            let queries = fixture.queries
            #expect(try await queries.delete(order.id, of: Self.user) == order.correlationID)
            #expect(try await queries.delete(order.id, of: Self.user) == nil)
            #expect(try await queries.order(order.id, of: Self.user) == nil)
            #expect(try await queries.status(order.correlationID, of: Self.user) == nil)
            #expect(try await page(queries).total == 1)
            // A copy in Redis does not bring it back.
            #expect(try await page(queries, pending: [order]).total == 1)
        }
    }

    private func cancellation(_ order: Order, key: String? = nil) -> OrderCancellation {
        func event(_ event: some OrderEvent) -> LoggedEvent {
            LoggedEvent(
                type(of: event).type, payload: event.encode(),
                metadata: EventMetadata(messageID: "m", correlationID: order.correlationID),
                occurredAt: order.createdAt)
        }
        return OrderCancellation(
            order: order, idempotencyKey: key, acceptance: event(OrderAccepted(order, idempotencyKey: key)),
            cancellation: event(
                OrderCancelled(
                    correlationID: order.correlationID, orderID: order.id, cancelledAt: order.createdAt)))
    }

    @Test(arguments: OrderQueriesDriver.available)
    func whoeverWritesTheRowFirstDecides(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            let (first, second) = (fixture.order(1, lines: 2), fixture.order(2))
            let queries = fixture.queries
            #expect(try await queries.cancel(cancellation(first), isDeletion: false) == nil)
            #expect(try await queries.cancel(cancellation(first), isDeletion: false) == .cancelled)
            try await queries.markPublished(EventKey(first.id, version: 2))
            var cancelled = first
            cancelled.status = .cancelled
            #expect(try await queries.order(first.id, of: Self.user)?.order == cancelled)
            try await fixture.insert([second])
            #expect(try await queries.cancel(cancellation(second), isDeletion: false) == .completed)
            #expect(try await queries.order(second.id, of: Self.user)?.order.status == .completed)
        }
    }

    /// Redis forgot the key: the same request again is the same order, another one its own.
    @Test(.enabled(if: OrderQueriesDriver.available.contains(.postgres)), arguments: [true, false])
    func aCancellationUnderAnothersKeyComparesTheLines(isSame: Bool) async throws {
        try await OrderQueriesDriver.postgres.withFixture { fixture in
            let (first, second) = (fixture.order(1), fixture.order(2, lines: isSame ? 1 : 2))
            let queries = fixture.queries
            #expect(try await queries.cancel(cancellation(first, key: "k"), isDeletion: false) == nil)
            let earlier = try await queries.cancel(cancellation(second, key: "k"), isDeletion: false)
            #expect(earlier == (isSame ? .cancelled : nil))
            let found = try await queries.order(second.id, of: Self.user)?.order
            #expect(found?.id == (isSame ? first.id : second.id) && found?.status == .cancelled)
            #expect(try await page(queries).total == (isSame ? 1 : 2))
            let outcomes = try await queries.outcomes(of: [first.correlationID, second.correlationID])
            #expect(outcomes.count == 2)
        }
    }

    @Test(arguments: OrderQueriesDriver.available)
    func aDeletionHidesAnOrderRecordedOrNot(driver: OrderQueriesDriver) async throws {
        try await driver.withFixture { fixture in
            let (first, second) = (fixture.order(1), fixture.order(2))
            try await fixture.insert([second])
            for (order, status) in [(first, nil), (second, OrderStatus.completed)] {
                #expect(
                    try await fixture.queries.cancel(cancellation(order), isDeletion: true) == status)
                #expect(try await fixture.queries.order(order.id, of: Self.user) == nil)
                #expect(try await fixture.queries.status(order.correlationID, of: Self.user) == nil)
            }
            #expect(try await page(fixture.queries).total == 0)
        }
    }

    @Test func cursorsRoundTrip() throws {
        let order = try AcceptedOrder(
            Order(
                id: #require(OrderID(42)),
                correlationID: #require(CorrelationID("0197a3f2-5b1c-7d4e-8f60-123456789abc")),
                customer: Self.user, createdAt: Timestamp(milliseconds: 1_767_225_600_123), status: .accepted,
                total: .zero, currency: .euro, lines: [])
        ).order
        let cursor = OrderCursor(order)
        #expect(OrderCursor(text: cursor.text) == cursor)
        for text in ["", "x", "MQ", "MS4y.", "LTEuMA", String(repeating: "A", count: 80)] {
            #expect(OrderCursor(text: text) == nil)
        }
    }
}

/// What PostgreSQL alone decides.
@Loop @Suite(.enabled(if: LiveOrderQueriesFixture.servers != nil), .timeLimit(.minutes(1)))
struct IntakeTests {
    private let user = PlacementFixture.user

    @Test func aTakenOrderIsFoundUntilItIsRecorded() async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, connection, _ in
            let (queries, intake) = (PostgresOrderQueries(pool), PostgresOrderIntake(pool))
            let fixture = PlacementFixture()
            let accepted = try await fixture.place(key: "k")
            let message = try #require(fixture.sender.sent.first)
            for _ in 0..<2 { try await intake.take(IntakeOrder(accepted, message)) }
            let order = accepted.order
            let stored = try #require(try await queries.order(order.id, of: user))
            #expect(stored.order == order && !stored.isRecorded && stored.idempotencyKey == "k")
            #expect(try await queries.status(order.correlationID, of: user)?.status == .accepted)
            let page = try await queries.page(of: user, PageRange(start: .offset(0), size: 5), pending: [])
            #expect(page.orders == [order] && page.total == 1)
            #expect(
                try await queries.order(placedWith: .init(user: user, key: "k"), within: .seconds(5)) == order
            )
            #expect(try await queries.order(order.id, of: PlacementFixture.otherUser) == nil)
            var completed = order
            completed.status = .completed
            try await LiveOrderQueriesFixture.insert([completed], connection)
            #expect(try await queries.order(order.id, of: user)?.order.status == .completed)
            #expect(
                try await queries.page(of: user, PageRange(start: .offset(0), size: 5), pending: []).total
                    == 1)
            let repeated = CorrelationID(high: 1, low: 2)
            try await connection.script(
                """
                INSERT INTO order_aliases (order_id, correlation_id, customer_id, target_id)
                VALUES (4711, '\(repeated)', '\(user)', \(order.id))
                """)
            let outcome = RecordedOutcome(orderID: order.id, status: .completed)
            // Each request is answered with the ids that it was told.
            let ofRepetition = RecordedOutcome(orderID: OrderID(4711)!, status: .completed)
            #expect(try await queries.status(repeated, of: user)?.orderID == OrderID(4711))
            #expect(
                try await queries.outcomes(of: [
                    order.correlationID, repeated, CorrelationID(high: 3, low: 4),
                ])
                    == [order.correlationID: outcome, repeated: ofRepetition])
            #expect(try await queries.delete(order.id, of: user) == order.correlationID)
            #expect(try await queries.order(order.id, of: user) == nil)
            #expect(try await queries.status(order.correlationID, of: user) == nil)
        }
    }

    @Test func ofConcurrentOrdersWithOneKeyOneIsTaken() async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, connection, _ in
            let fixture = PlacementFixture()
            var orders: [IntakeOrder] = []
            for number in 0..<120 {
                let accepted = try await fixture.place(key: "key-\(number % 20)")
                orders.append(IntakeOrder(accepted, try #require(fixture.sender.sent.last)))
            }
            let intakes = (0..<4).map { _ in PostgresOrderIntake(pool) }
            let all = orders
            var refused = 0
            try await concurrently(all.count) { index in
                do throws(OrderIntakeError) {
                    try await intakes[index % 4].take(all[index])
                    // Again, as after an answer that was lost.
                    try await intakes[(index + 1) % 4].take(all[index])
                } catch {
                    guard error == .keyTaken else { throw error }
                    refused += 1
                }
            }
            let count = try await connection.query(.init("SELECT count(*) FROM order_intake")).one().int64(0)
            #expect(refused == 100 && count == 20)
        }
    }

    /// Orders that are recorded while a page is read.
    @Test func noOrderIsOnAPageTwice() async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, connection, _ in
            let queries = PostgresOrderQueries(pool)
            let fixture = PlacementFixture()
            var placed: [Order] = []
            for _ in 0..<60 { placed.append(try await fixture.place().order) }
            let orders = placed
            let recording = Loop.task {
                for order in orders { try await LiveOrderQueriesFixture.insert([order], connection) }
            }
            var recorded = 0
            while recorded < orders.count {
                let page = try await queries.page(
                    of: PlacementFixture.user, PageRange(start: .offset(0), size: 100),
                    pending: orders.map { StoredOrder(order: $0, isRecorded: false) })
                #expect(Set(page.orders.map(\.id)).count == orders.count && page.total == orders.count)
                #expect(page.orders.count == orders.count)
                recorded = try await queries.recorded(orders.map(\.id)).count
            }
            try await recording.value
        }
    }

    /// Of two attempts of one request that were both under way, one became the order, and the other left its copies.
    @Test func aPendingRepetitionIsNoOrderOfItsOwn() async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, connection, _ in
            let (queries, intake) = (PostgresOrderQueries(pool), PostgresOrderIntake(pool))
            let fixture = PlacementFixture()
            let first = try await fixture.place(key: "k")
            try await intake.take(IntakeOrder(first, try #require(fixture.sender.sent.last)))
            let repetition = try await fixture.place(key: "k").order
            let other = try await fixture.place(["AZ-104": 3], key: "k").order
            let pending = [repetition, other].map {
                StoredOrder(order: $0, isRecorded: false, idempotencyKey: "k")
            }
            func orders() async throws -> Set<OrderID> {
                Set(
                    try await queries.page(
                        of: user, PageRange(start: .offset(0), size: 5), pending: pending
                    ).orders.map(\.id))
            }
            #expect(try await orders() == [first.order.id, other.id])
            try await LiveOrderQueriesFixture.insert([first.order], connection)
            try await connection.script("UPDATE orders SET idempotency_key = 'k'; DELETE FROM order_intake")
            #expect(try await orders() == [first.order.id, other.id])
        }
    }

    @Test func concurrentOrdersShareAStatement() async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, connection, _ in
            let intake = PostgresOrderIntake(pool)
            let fixture = PlacementFixture()
            var orders: [IntakeOrder] = []
            for _ in 0..<300 {
                let accepted = try await fixture.place()
                orders.append(IntakeOrder(accepted, try #require(fixture.sender.sent.last)))
            }
            try await withThrowingTaskGroup { group in
                for order in orders { group.addTask { try await intake.take(order) } }
                try await group.waitForAll()
            }
            let count = try await connection.query(.init("SELECT count(*) FROM order_intake")).one().int64(0)
            #expect(count == 300)
        }
    }
}
