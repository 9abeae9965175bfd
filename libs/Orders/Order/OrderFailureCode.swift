/// Why an order failed: `failure.code` in the API and `orders.failure_code`.
package enum OrderFailureCode: String, Hashable, Sendable, CaseIterable {
    /// A line's product does not exist.
    case productUnavailable = "product_unavailable"
    /// The order could not be read, or contradicts another order.
    case invalidOrder = "invalid_order"
    /// The order could not be processed within all attempts.
    case processingFailed = "processing_failed"

    /// For the customer.
    package var detail: String {
        switch self {
        case .productUnavailable: "A product of this order is no longer available. Nothing was charged."
        case .invalidOrder: "This order could not be read. Nothing was charged; please place it again."
        case .processingFailed:
            "This order could not be processed. Nothing was charged; please place it again later."
        }
    }
}
