/// Lines with the catalogue's current prices, and their total.
package struct PricedLines: Hashable, Sendable {
    package let lines: [OrderLine]
    package let total: Money
    package let currency: Currency
}

package enum PricingError: Error, Hashable, Sendable {
    /// In the order of the request.
    case unknownProducts([ProductID])
    case mixedCurrencies
    case amountTooLarge

    /// The message for a response.
    package var message: String {
        switch self {
        case .unknownProducts(let ids):
            "One or more products were not found: \(ids.map(\.value).joined(separator: ", "))"
        case .mixedCurrencies: "The products of one order must share a currency."
        case .amountTooLarge: "The order's total is too large."
        }
    }
}

extension OrderRequest {
    /// Copies names, images and prices from the catalogue.
    package func priced(by catalogue: Catalogue) throws(PricingError) -> PricedLines {
        let unknown = lines.map(\.productID).filter { catalogue[$0] == nil }
        guard unknown.isEmpty else { throw .unknownProducts(unknown) }
        var priced: [OrderLine] = []
        priced.reserveCapacity(lines.count)
        var total = Money.zero
        var currency: Currency?
        for line in lines {
            guard let product = catalogue[line.productID] else { continue }
            guard currency == nil || currency == product.currency else { throw .mixedCurrencies }
            currency = product.currency
            guard let amount = product.price.multiplied(by: line.quantity), let sum = total.adding(amount),
                sum <= OrderTotals.largest
            else { throw .amountTooLarge }
            total = sum
            priced.append(
                OrderLine(
                    productID: line.productID, productName: product.name, imageURL: product.imageURL,
                    unitPrice: product.price, quantity: line.quantity))
        }
        return PricedLines(lines: priced, total: total, currency: currency ?? .euro)
    }
}

/// The maxima of the PostgreSQL columns.
package enum OrderTotals {
    /// `numeric(14, 2)`
    package static let largest = Money(hundredths: 99_999_999_999_999)
    /// `numeric(10, 2)`
    package static let largestUnitPrice = Money(hundredths: 9_999_999_999)
}
