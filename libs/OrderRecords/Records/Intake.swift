package import EventLoop

/// Orders that order-accept put into PostgreSQL while Redis or the broker did not answer.
@Loop
package protocol Intake: AnyObject {
    /// Passes at most `limit` of the oldest orders to `handle` and removes those for which it returns true. No other
    /// caller gets them meanwhile.
    ///
    /// - Returns: the number of orders passed and removed.
    func sweep(
        limit: Int, _ handle: @Loop ([IntakeEntry]) async -> [Bool]
    ) async throws(OrderRecordsError) -> (found: Int, removed: Int)
}

package struct IntakeEntry: Sendable, Hashable {
    /// The body of `order.accepted.v1`.
    package var payload: [UInt8]
    package var metadata: EventMetadata

    package init(payload: [UInt8], metadata: EventMetadata) {
        self.payload = payload
        self.metadata = metadata
    }
}
