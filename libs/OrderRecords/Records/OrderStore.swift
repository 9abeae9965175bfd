package import EventLoop
package import Orders

/// The system of record for orders.
@Loop
package protocol OrderStore: AnyObject {
    /// Records orders with their lines, their customers and their events, all or none. What is there already
    /// stays as it is; answering what is there makes repeating harmless.
    ///
    /// - Parameter records: each with correlation and order ids of its own.
    /// - Returns: one a record, in their order; nil where one of its two ids belongs to another order.
    func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?]

    /// Notes that these events were published. It may take a moment to be written down, and may be lost with
    /// the process: then they are published again, as the same messages.
    func markPublished(_ events: [EventKey])

    /// The products that lines can name, those no longer sold included, and what they are priced in.
    func currencies() async throws(OrderRecordsError) -> [String: Currency]
}

/// Why the system of record did not do what was asked.
package struct OrderRecordsError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// It is away, overloaded, or not in the state this code expects: nothing the orders can help.
        case unavailable
        /// Others were in the way, also when tried again.
        case contended
        /// It cannot hold what it was given.
        case refused
    }

    package let code: Code
    /// Fit for logs and `x-error`: nothing of the data.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { "order records \(code.rawValue): \(detail)" }
}
