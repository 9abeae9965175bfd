import EventLoop
import Orders

@testable import OrderAccept

/// ``OrderQueries`` in memory.
@Loop
final class MemoryOrderQueries: OrderQueries {
    var fault: OrderQueryError?
    private var orders: [Order] = []
    private var deleted: Set<OrderID> = []

    /// Persists orders.
    func insert(_ orders: [Order]) { self.orders += orders }

    private func check() throws(OrderQueryError) {
        if let fault { throw fault }
    }

    private func visible(to user: UserID) throws(OrderQueryError) -> [Order] {
        try check()
        return orders.filter { $0.customer == user && !deleted.contains($0.id) }
    }

    func order(_ id: OrderID, of user: UserID) async throws(OrderQueryError) -> Order? {
        try visible(to: user).first { $0.id == id }
    }

    func page(of user: UserID, offset: Int, size: Int) async throws(OrderQueryError) -> OrderPage {
        let all = try visible(to: user).sorted { $0.id > $1.id }
        return OrderPage(orders: Array(all.dropFirst(offset).prefix(size)), total: all.count)
    }

    func status(_ id: CorrelationID, of user: UserID) async throws(OrderQueryError) -> StatusReport? {
        try visible(to: user).first { $0.correlationID == id }.map {
            StatusReport(correlationID: id, orderID: $0.id, status: $0.status, updatedAt: $0.createdAt)
        }
    }

    func delete(_ id: OrderID, of user: UserID, isPending: Bool) async throws(OrderQueryError) -> Bool {
        let isThere = try visible(to: user).contains { $0.id == id }
        guard isThere || isPending else { return false }
        deleted.insert(id)
        return true
    }
}
