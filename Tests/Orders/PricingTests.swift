import Orders
import Testing

@Suite struct PricingTests {
    let catalogue = Catalogue([
        product("A", "19.99"), product("B", "0.01"), product("C", "99999999.99"),
        product("D", "5.00", currency: Currency("USD")),
    ])

    @Test func copiesPricesAndComputesTheTotal() throws {
        let priced = try OrderRequest(checking: [line("A", 3), line("B", 7)]).priced(by: catalogue)
        #expect(priced.total == Money("60.04"))
        #expect(priced.currency == .euro)
        #expect(
            priced.lines == [
                OrderLine(
                    productID: "A", productName: "Product A", imageURL: "/A.svg",
                    unitPrice: Money(hundredths: 1_999),
                    quantity: 3),
                OrderLine(
                    productID: "B", productName: "Product B", imageURL: "/B.svg",
                    unitPrice: Money(hundredths: 1),
                    quantity: 7),
            ])
        let id = try #require(OrderID(7))
        let customer = try #require(UserID("u"))
        let order = Order(
            id: id, correlationID: CorrelationID(high: 1, low: 2), customer: customer,
            acceptedAt: Timestamp(milliseconds: 5), priced: priced)
        #expect(order.status == .accepted)
        #expect(order.total == priced.total)
        #expect(order.createdAt == Timestamp(milliseconds: 5))
    }

    @Test func reportsUnknownProductsBeforeOtherErrors() throws {
        let request = try OrderRequest(checking: [line("Z", 1), line("D", 1), line("A", 1), line("a", 1)])
        #expect(throws: PricingError.unknownProducts(["Z", "a"])) { try request.priced(by: catalogue) }
        #expect(
            PricingError.unknownProducts(["Z", "a"]).message == "One or more products were not found: Z, a")
    }

    @Test func rejectsMixedCurrencies() throws {
        let request = try OrderRequest(checking: [line("A", 1), line("D", 1)])
        #expect(throws: PricingError.mixedCurrencies) { try request.priced(by: catalogue) }
        let dollars = try OrderRequest(checking: [line("D", 1)]).priced(by: catalogue)
        #expect(dollars.currency == Currency("USD"))
    }

    @Test func rejectsTotalsAboveTheDatabaseMaximum() throws {
        let many = Catalogue((0..<11).map { product("C\($0)", "99999999.99") })
        let request = try OrderRequest(checking: (0..<11).map { line("C\($0)", 1_000) })
        #expect(throws: PricingError.amountTooLarge) { try request.priced(by: many) }
        #expect(
            try OrderRequest(checking: [line("C", 1_000)]).priced(by: catalogue).total == Money("99999999990")
        )
    }
}

extension PricingTests {
    /// U+212A is canonically equivalent to K.
    @Test func productsWhoseIdsLookAlikeAreTwo() throws {
        let catalogue = Catalogue([product("KS-101", "1.00")])
        let request = try OrderRequest(checking: [
            UncheckedLine(productID: "\u{212A}S-101", quantity: .number(1)),
            UncheckedLine(productID: "KS-101", quantity: .number(1)),
        ])
        #expect(request.lines.count == 2)
        #expect(throws: PricingError.unknownProducts(["\u{212A}S-101"])) { try request.priced(by: catalogue) }
    }
}

func product(_ id: String, _ price: String, currency: Currency? = .euro) -> Product {
    Product(
        externalProductID: ProductID(id), name: "Product \(id)", category: "Cloud", vendor: "Vendor",
        imageURL: "/\(id).svg",
        discount: 10, billingPeriod: .monthly, isSubscription: true, price: Money(price) ?? .zero,
        currency: currency ?? .euro)
}
