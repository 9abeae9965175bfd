import Orders

/// Why an order was not accepted.
enum PlacementError: Error, Equatable {
    case pricing(PricingError)
    /// The catalogue has not been loaded.
    case noCatalogue
    case noIdentifiers
    /// No server has taken the order.
    case refused
    /// A server may have taken the order.
    case inDoubt
    /// Another request with this idempotency key is in progress.
    case requestInProgress
    /// The idempotency key was used with another body.
    case keyReused
    /// An order with the idempotency key was accepted at the same time. The refused one may have been published: then it is
    /// recorded as that order's repetition or, with another content, as an order of its own.
    case keyTaken(mayBePublished: Bool)

    /// Whether a dependency failed, so that the same request may succeed later.
    var isOutage: Bool {
        switch self {
        case .pricing, .requestInProgress, .keyReused, .keyTaken: false
        case .noCatalogue, .noIdentifiers, .refused, .inDoubt: true
        }
    }

    /// Whether this replica took nothing, of which it knows; another one that got the request before may have.
    var isOfThisReplica: Bool {
        switch self {
        // Replicas may have different versions of the catalogue.
        case .pricing, .noCatalogue, .noIdentifiers, .refused: true
        case .inDoubt, .requestInProgress, .keyReused, .keyTaken: false
        }
    }

    /// For a metric's label.
    enum Reason: String, CaseIterable {
        case pricing, catalogue, ids
        case serversUnavailable = "servers_unavailable"
        case outcomeUnknown = "outcome_unknown"
        case requestInProgress = "request_in_progress"
        case keyReused = "key_reused"
        case keyTaken = "key_taken"
    }

    var reason: Reason {
        switch self {
        case .pricing: .pricing
        case .noCatalogue: .catalogue
        case .noIdentifiers: .ids
        case .refused: .serversUnavailable
        case .inDoubt: .outcomeUnknown
        case .requestInProgress: .requestInProgress
        case .keyReused: .keyReused
        case .keyTaken: .keyTaken
        }
    }
}
