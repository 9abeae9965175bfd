import Orders
import WorkflowState

/// Why an order was not accepted.
enum PlacementError: Error, Equatable {
    case pricing(PricingError)
    /// The catalogue has not been loaded.
    case noCatalogue
    case noIdentifiers
    /// The order's keys were not written to Redis, or the outcome is unknown.
    case state(WorkflowStateError)
    /// The order was not published.
    case refused(reason: String)
    /// The publish is unknown; the order was cancelled, so that it is not processed.
    case outcomeUnknown
    /// The order may be processed: the publish is unknown and the cancellation failed (then `uncancelled` is the order),
    /// or the state of an earlier attempt is unknown.
    case inDoubt(reason: String, uncancelled: Order?)

    /// Another request with this idempotency key is in progress.
    case requestInProgress
    /// The idempotency key was used with another body.
    case keyReused

    /// Whether a dependency failed, so that the same request may succeed later.
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
        case .outcomeUnknown: "rabbitmq_outcome_unknown"
        case .inDoubt(let reason, _): "\(reason)_in_doubt"
        case .requestInProgress: "request_in_progress"
        case .keyReused: "key_reused"
        }
    }
}
