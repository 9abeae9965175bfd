package import EventLoop
package import Orders

/// The system of record for orders.
@Loop
package protocol OrderStore: AnyObject {
    /// Records orders with their lines, customers and events, all or none. Recorded orders stay unchanged and are
    /// returned, so that the call is idempotent.
    ///
    /// - Parameter records: with distinct correlation and order ids.
    /// - Returns: one order per record, in their order; nil where one of its two ids belongs to another order.
    func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?]

    /// Marks events as published. The marks are written with a delay and may be lost in a crash; the events are then
    /// published again as the same messages.
    func markPublished(_ events: [EventKey])

    /// The currencies of all products by external id, including products that are no longer sold.
    func currencies() async throws(OrderRecordsError) -> [ProductID: Currency]
}

/// Why an operation on the system of record failed.
package struct OrderRecordsError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The database is unreachable, overloaded or in an unexpected state; independent of the orders.
        case unavailable
        /// Conflicts with concurrent transactions, also after retries.
        case contended
        /// A line's product does not exist.
        case unknownProduct
        /// The data violates another constraint.
        case refused
        /// The server failed, perhaps because of these orders.
        case failed
    }

    package let code: Code
    /// Safe for logs and `x-error`: contains none of the data.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { "order records \(code.rawValue): \(detail)" }
}
