package import EventLoop
package import Orders

/// The owners of recorded orders, and of those that wait in the intake table.
@Loop
package protocol OrderOwners: AnyObject {
    /// Orders that are not there are missing in the result.
    func owners(of ids: [CorrelationID]) async throws(OrderRecordsError) -> [CorrelationID: UserID]
}
