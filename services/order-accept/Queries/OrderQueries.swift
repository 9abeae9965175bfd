import EventLoop
import OrderRecords
import Orders
import WorkflowState

/// Orders in PostgreSQL as their owner sees them, without deleted ones.
@Loop
protocol OrderQueries: AnyObject {
    /// A recorded order, also by the id of a request that repeated its idempotency key; else one that waits in the
    /// intake table. Nil when there is no such order of this user.
    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> StoredOrder?

    /// The order that was placed with an idempotency key.
    func order(
        placedWith key: IdempotencyKey, within limit: Duration
    ) async throws(OrderQueryError) -> Order?

    /// The recorded outcomes of requests, of whichever user.
    func outcomes(of ids: [CorrelationID]) async throws(OrderQueryError) -> [CorrelationID: RecordedOutcome]

    /// Which of the orders are recorded, deleted ones included, and without those that became another order.
    func recorded(_ ids: [OrderID]) async throws(OrderQueryError) -> Set<OrderID>

    /// Newest first, from `offset` or after an order.
    ///
    /// - Parameter pending: orders that may be recorded or not; they are merged. One whose idempotency key has become
    ///   another order is that order's repetition, and left out.
    func page(
        of user: UserID, _ range: PageRange, pending: [StoredOrder]
    ) async throws(OrderQueryError) -> OrderPage

    /// Nil when there is no such order of this user.
    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport?

    /// Records an order that is not recorded yet as cancelled.
    ///
    /// - Parameter isDeletion: also hides the order, recorded or not.
    /// - Returns: the status that was recorded before; nil when the order is cancelled now.
    func cancel(
        _ cancellation: OrderCancellation, isDeletion: Bool
    ) async throws(OrderQueryError) -> OrderStatus?

    /// The event is published.
    func markPublished(_ event: EventKey) async throws(OrderQueryError)

    /// Hides a recorded order.
    ///
    /// - Returns: its correlation id; nil when there is no such order of this user.
    func delete(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> CorrelationID?
}

struct StoredOrder: Hashable, Sendable {
    var order: Order
    /// The statuses since its acceptance, with their times.
    var history: [StatusChange] = []
    /// Whether it is recorded, or waits in the intake table.
    var isRecorded: Bool
    /// Of an order that is not recorded.
    var idempotencyKey: String?
}

extension [StoredOrder] {
    /// Adds one of the intake table, unless it is there. Another one with its key is its repetition.
    mutating func add(taken: StoredOrder) {
        if contains(where: { $0.order.id == taken.order.id }) { return }
        removeAll { taken.isRepeated(by: $0) }
        append(taken)
    }
}

struct RecordedOutcome: Hashable, Sendable {
    /// That of the first request with the same idempotency key.
    var orderID: OrderID
    var status: OrderStatus
}

struct StatusChange: Hashable, Sendable {
    var status: OrderStatus
    var at: Timestamp
}

/// An order to cancel, with its events.
struct OrderCancellation: Sendable {
    var order: Order
    var idempotencyKey: String?
    var acceptance: LoggedEvent
    var cancellation: LoggedEvent
}

/// A part of a list of orders.
struct PageRange: Hashable, Sendable {
    enum Start: Hashable, Sendable {
        case offset(Int)
        case after(OrderCursor)
    }

    var start: Start
    var size: Int

    /// Beyond it, pages are read by cursor.
    static let largestOffset = 1_000
}

struct OrderPage: Hashable, Sendable {
    var orders: [Order]
    /// The number of all the user's orders, counted up to ``countLimit``.
    var total: Int
    /// Whether more orders follow.
    var hasMore: Bool

    static let countLimit = 1_000

    var next: OrderCursor? { hasMore ? orders.last.map { OrderCursor($0) } : nil }
}

struct StatusReport: Hashable, Sendable {
    var correlationID: CorrelationID
    var orderID: OrderID
    var status: OrderStatus
    var updatedAt: Timestamp
}

/// The queries' server is unavailable.
struct OrderQueryError: Error, Hashable, Sendable {
    /// Suitable for logs.
    var reason: String
    /// Whether a change may have been made all the same.
    var isOutcomeUnknown = false
}
