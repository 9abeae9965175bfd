import Orders

/// Why an order was not changed.
enum OrderChangeError: Error, Hashable {
    /// Or it is somebody else's.
    case notFound
    /// Somebody works on it, or it has ended.
    case notCancellable(OrderStatus)
    /// Who decides cannot be asked at the moment.
    case unavailable(reason: String)

    init(_ failure: OrderQueryError) { self = .unavailable(reason: failure.reason) }
}
