import HTTP
import Orders
import Service

extension Problem {
    init(_ failure: ValidationFailure) {
        self = .validation(failure.fields.map { ($0.name, $0.messages) })
    }

    init(_ failure: IntakeFailure) {
        switch failure {
        case .pricing(let pricing): self.init(pricing)
        case .noCatalogue, .noIdentifiers, .state, .refused, .outcomeUnknown:
            self = .unavailable("Orders cannot be accepted at the moment; try again.")
        }
    }

    private init(_ failure: PricingFailure) {
        switch failure {
        case .unknownProducts: self.init(.notFound, failure.message)
        case .mixedCurrencies, .amountTooLarge: self = .validation([("items", [failure.message])])
        }
    }

    static var noSuchOrder: Problem { Problem(.notFound, "There is no such order.") }

    static var invalidPage: Problem { Problem(.badRequest, "Invalid pagination parameters.") }

    static var recordsAway: Problem { .unavailable("Orders cannot be read at the moment; try again.") }
}
