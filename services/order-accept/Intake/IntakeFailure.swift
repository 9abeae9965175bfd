import Orders
import WorkflowState

/// Why an order was not accepted. The client is told in every case, and may try again in every case but
/// the first.
enum IntakeFailure: Error, Equatable {
    case pricing(PricingFailure)
    /// The catalogue was never read.
    case noCatalogue
    case noIdentifiers
    /// Redis did not take the order's keys, or cannot tell whether it did.
    case state(WorkflowStateError)
    /// The broker does not have the order.
    case refused(reason: String)
    /// The broker may have the order: it was marked as cancelled, so that it is not carried out.
    case outcomeUnknown(reason: String)

    /// For a metric's label.
    var reason: String {
        switch self {
        case .pricing: "pricing"
        case .noCatalogue: "catalogue"
        case .noIdentifiers: "ids"
        case .state: "redis"
        case .refused(let reason): "rabbitmq_\(reason)"
        case .outcomeUnknown(let reason): "rabbitmq_\(reason)_unknown"
        }
    }
}
