import Orders
import WorkflowState

/// Why an order was not accepted. The client is told in every case.
enum PlacementError: Error, Equatable {
    case pricing(PricingError)
    /// The catalogue was never read.
    case noCatalogue
    case noIdentifiers
    /// Redis did not take the order's keys, or cannot tell whether it did.
    case state(WorkflowStateError)
    /// The broker does not have the order.
    case refused(reason: String)
    /// The broker may have the order: it was marked as cancelled, so that it is not carried out.
    case outcomeUnknown(reason: String)
    /// The order may be carried out: the broker may have it, and Redis did not say whether it could be marked as
    /// cancelled (then `uncancelled` is the order), or what had become of an earlier attempt.
    case inDoubt(reason: String, uncancelled: Order?)

    /// Another request with this idempotency key is being answered.
    case requestInProgress
    /// The idempotency key belongs to another order.
    case keyReused

    /// Whether something that order-accept stands on is at fault, and the same request may succeed later.
    var isOutage: Bool {
        switch self {
        case .pricing, .requestInProgress, .keyReused: false
        case .noCatalogue, .noIdentifiers, .state, .refused, .outcomeUnknown, .inDoubt: true
        }
    }

    /// For a metric's label.
    var reason: String {
        switch self {
        case .pricing: "pricing"
        case .noCatalogue: "catalogue"
        case .noIdentifiers: "ids"
        case .state: "redis"
        case .refused(let reason): "rabbitmq_\(reason)"
        case .outcomeUnknown(let reason): "rabbitmq_\(reason)_unknown"
        case .inDoubt(let reason, _): "\(reason)_in_doubt"
        case .requestInProgress: "key_in_flight"
        case .keyReused: "key_reused"
        }
    }
}
