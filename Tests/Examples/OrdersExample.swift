import Orders

func ordersExample() async throws {
    let product = Product(
        externalProductID: "AZ-104", name: "Cloud Operations", category: "Cloud", vendor: "Azimuth",
        imageURL: "/images/products/az-104.svg", discount: 0, billingPeriod: .monthly, isSubscription: true,
        price: Money(hundredths: 14_090))
    let request = try OrderRequest(checking: [UncheckedLine(productID: "AZ-104", quantity: .number(2))])
    let priced = try request.priced(by: Catalogue([product]))
    print(priced.total, OrderStatus.transition(from: .completed, to: .processing))
}
