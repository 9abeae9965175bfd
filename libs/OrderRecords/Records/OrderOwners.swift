package import EventLoop
package import Orders

/// The owners and statuses of recorded orders, and of those that wait in the intake table.
@Loop
package protocol OrderOwners: AnyObject {
    /// Orders that are not there are missing in the result.
    func owners(of ids: [CorrelationID]) async throws(OrderRecordsError) -> [CorrelationID: OrderOwner]
}

package struct OrderOwner: Sendable, Hashable {
    package var user: UserID
    package var orderID: OrderID
    /// Nil while the order waits in the intake table.
    package var status: OrderStatus?
    package var isDeleted: Bool

    package init(_ user: UserID, orderID: OrderID, status: OrderStatus?, isDeleted: Bool = false) {
        self.user = user
        self.orderID = orderID
        self.status = status
        self.isDeleted = isDeleted
    }
}
