import HTTP
import Orders
import Service

extension Problem {
    init(_ failure: OrderValidationError) {
        self = .validation(failure.fields.map { ($0.name, $0.messages) })
    }

    init(_ failure: PlacementError) {
        switch failure {
        case .pricing(let pricing): self.init(pricing)
        case .requestInProgress, .keyTaken:
            self.init(
                .conflict, "A request with this Idempotency-Key is being answered.",
                headers: ["Retry-After": "1"])
        case .keyReused:
            self.init(.unprocessableContent, "This Idempotency-Key was used with another body.")
        case .noCatalogue, .noIdentifiers, .refused:
            self = .unavailable("Orders cannot be accepted at the moment; try again.")
            isWithoutEffect = true
        case .inDoubt:
            self = .unavailable(
                "It is not known whether the order was accepted: repeat the request with the same Idempotency-Key, or look at your orders first."
            )
        }
    }

    private init(_ failure: PricingError) {
        switch failure {
        case .unknownProducts: self.init(.notFound, failure.message)
        case .mixedCurrencies, .amountTooLarge: self = .validation([("items", [failure.message])])
        }
    }

    init(_ failure: OrderChangeError) {
        switch failure {
        case .notFound: self = .noSuchOrder
        case .notCancellable(let status):
            self.init(.conflict, "The order is \(status.wireName) and cannot be cancelled.")
        case .unavailable: self = .unavailable("Orders cannot be changed at the moment; try again.")
        case .inDoubt:
            self = .unavailable("It is not known whether the order was changed: repeat the request.")
        }
    }

    static var noSuchOrder: Problem { Problem(.notFound, "There is no such order.") }

    static var invalidPage: Problem { Problem(.badRequest, "Invalid pagination parameters.") }

    static var offsetTooLarge: Problem {
        Problem(
            .badRequest,
            "Invalid pagination parameters. offset must not exceed \(PageRange.largestOffset): follow next with ?after=."
        )
    }

    static var ordersUnavailable: Problem { .unavailable("Orders cannot be read at the moment; try again.") }
}
