import EventLoop
import MemoryAdapters
import OrderEvents
import OrderRecords
import Orders
import Postgres
import TestSupport

/// The store implementations under test.
enum Driver: String, CaseIterable, Sendable {
    case memory, postgres

    static var available: [Driver] { LiveDatabase.uri == nil ? [.memory] : allCases }
}

/// A store with its outbox.
@Loop
struct StoreFixture {
    let store: any OrderStore
    let outbox: any Outbox
    /// Waits until pending marks are written.
    let settle: @Loop () async throws -> Void
    /// Nil for the in-memory store.
    let pool: PostgresPool?

    /// Retries the sweep while another test holds the lock, which covers the whole server.
    @Loop func sweep(
        limit: Int, _ publish: @Loop ([UnpublishedEvent]) async -> [Bool]
    ) async throws -> Sweep? {
        var result: Sweep?
        try await eventually("the outbox's lock") {
            result = try await outbox.sweep(olderThan: .zero, limit: limit, publish)
            return result != nil
        }
        return result
    }
}

@Loop
func with(_ driver: Driver, _ body: @Loop (StoreFixture) async throws -> Void) async throws {
    switch driver {
    case .memory:
        let store = MemoryOrderStore(products: ["AZ-104": .euro, "AZ-900": .euro])
        try await body(StoreFixture(store: store, outbox: store, settle: {}, pool: nil))
    case .postgres:
        try await LiveDatabase.withPool { pool in
            let store = PostgresOrderStore(pool)
            try await body(
                StoreFixture(
                    store: store, outbox: PostgresOutbox(pool), settle: { await store.flush() }, pool: pool))
        }
    }
}

enum Sample {
    static let time = Timestamp(milliseconds: 1_767_225_600_123)

    static func correlationID(_ number: Int) -> CorrelationID {
        CorrelationID(unixMilliseconds: 1_767_225_600_000, randomA: 1, randomB: UInt64(number))
    }

    /// An order, by default with two lines: 140.95, and twice 301.95.
    static func order(
        _ number: Int, id: Int64? = nil, of customer: String = "CUST-0001",
        products: [ProductID] = ["AZ-104", "AZ-900"], key: String? = nil, name: String? = nil
    ) -> OrderAccepted {
        let prices = [14_095, 30_195].map { Money(hundredths: $0) }
        let lines = products.enumerated().map { index, product in
            OrderLine(
                productID: product, productName: name ?? "", imageURL: "/as-it-was.svg",
                unitPrice: prices[index % 2],
                quantity: index % 2 + 1)
        }
        let order = OrderAccepted(
            Order(
                id: OrderID(id ?? Int64(number))!, correlationID: correlationID(number),
                customer: UserID(customer)!, createdAt: time, status: .accepted, total: .zero,
                currency: .euro, lines: lines), idempotencyKey: key)
        if name != nil { return order }
        // As earlier versions sent it.
        let text = String(decoding: order.encode(), as: UTF8.self)
            .replacing(#","productName":"","imageUrl":"/as-it-was.svg""#, with: "")
        return try! OrderAccepted(decoding: Array(text.utf8).span)
    }

    static func record(
        _ order: OrderAccepted, _ status: OrderStatus = .completed, isReplay: Bool = false,
        message: String = "m"
    ) -> OrderRecord {
        let metadata = EventMetadata(
            messageID: "\(message)-\(order.orderID)", correlationID: order.correlationID,
            causationID: "cause",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        let event: (OrderEventType, [UInt8]) =
            switch status {
            case .cancelled:
                (
                    .cancelled,
                    OrderCancelled(
                        correlationID: order.correlationID, orderID: order.orderID, cancelledAt: time
                    ).encode()
                )
            case .failed:
                (
                    .failed,
                    OrderFailed(correlationID: order.correlationID, orderID: order.orderID, reason: "why")
                        .encode()
                )
            default:
                (
                    .processed,
                    OrderProcessed(
                        correlationID: order.correlationID, orderID: order.orderID, processedAt: time
                    ).encode()
                )
            }
        return OrderRecord(
            order, status, currency: .euro,
            acceptance: LoggedEvent(.accepted, payload: order.encode(), metadata: metadata, occurredAt: time),
            outcome: LoggedEvent(event.0, payload: event.1, metadata: metadata, occurredAt: time),
            isReplay: isReplay)!
    }
}
