import EventLoop
import Orders

/// The orders that are persisted, each as its owner may see it. What is deleted is not there.
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
    /// - Parameter isPending: it is known to be the user's, and may not be persisted yet: it is hidden when
    ///   it comes.
    /// - Returns: false when there is no such order of this user.
    func delete(_ id: OrderID, of user: UserID, isPending: Bool) async throws(OrderQueryError) -> Bool
}

struct OrderPage: Hashable, Sendable {
    var orders: [Order]
    /// How many the user has.
    var total: Int
}

struct StatusReport: Hashable, Sendable {
    var correlationID: CorrelationID
    var orderID: OrderID
    var status: OrderStatus
    var updatedAt: Timestamp
}

/// The queries cannot be asked at the moment.
struct OrderQueryError: Error, Hashable, Sendable {
    /// Fit for a log.
    var reason: String
}
