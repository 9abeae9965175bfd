import EventLoop
import Orders

/// Persisted orders as their owner sees them, without deleted ones.
@Loop
protocol OrderQueries: AnyObject {
    /// Nil when there is no such order of this user.
    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> Order?

    /// Newest first.
    func page(of user: UserID, offset: Int, size: Int) async throws(OrderQueryError) -> OrderPage

    /// Nil when there is no such order of this user.
    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport?

    /// Hides an order.
    ///
    /// - Parameter isPending: the order is known to be the user's and may not be persisted yet; it is then hidden once it
    ///   is.
    /// - Returns: false when there is no such order of this user.
    func delete(_ id: OrderID, of user: UserID, isPending: Bool) async throws(OrderQueryError) -> Bool
}

struct OrderPage: Hashable, Sendable {
    var orders: [Order]
    /// The number of all the user's orders.
    var total: Int
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
}
