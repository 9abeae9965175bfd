import JSON
import OrderEvents
import Orders
import Testing

@Suite struct APITests {
    @Test func writesACataloguePage() {
        let product = Product(
            externalProductID: "AZ-104", name: "Cloud \"Operations\"", category: "Cloud", vendor: "Azimuth",
            imageURL: "/images/products/az-104.svg", discount: 20, billingPeriod: .annual,
            isSubscription: true,
            price: Money(hundredths: 14_090))
        let page = Catalogue([product]).page(offset: 0, size: 12)
        let text = JSONWriter.encode { page?.write(to: &$0) }
        #expect(
            String(decoding: text, as: UTF8.self) == """
                {"offset":0,"size":12,"total":1,"items":[{"externalProductId":"AZ-104",\
                "name":"Cloud \\"Operations\\"","category":"Cloud","vendor":"Azimuth",\
                "imageUrl":"/images/products/az-104.svg","discount":20,"billingPeriod":"Annual",\
                "isSubscription":true,"price":140.90}]}
                """)
    }

    @Test func ordersSurviveARoundTrip() throws {
        let customer = try #require(UserID("CUST-0001"))
        let order = Order(
            id: try #require(OrderID(1_001)),
            correlationID: try #require(CorrelationID("0197a3f2-5b1c-7d4e-8f60-123456789abc")),
            customer: customer,
            createdAt: try #require(Timestamp("2026-11-20T15:54:06.123Z")), status: .accepted,
            total: Money(hundredths: 28_180), currency: .euro,
            lines: [
                OrderLine(
                    productID: "AZ-104", productName: "Cloud", imageURL: "/a.svg",
                    unitPrice: Money(hundredths: 14_090), quantity: 2)
            ])
        let text = """
            {"id":1001,"correlationId":"0197a3f2-5b1c-7d4e-8f60-123456789abc",\
            "createdAt":"2026-11-20T15:54:06.123Z","status":"ACCEPTED","total":281.80,"currency":"EUR",\
            "items":[{"productId":"AZ-104","productName":"Cloud","imageUrl":"/a.svg","unitPrice":140.90,"quantity":2}]}
            """
        #expect(String(decoding: order.encode(), as: UTF8.self) == text)
        #expect(try Order(decoding: order.encode().span, customer: customer) == order)
        #expect(throws: EventError.self) { try Order(decoding: Array("{}".utf8).span, customer: customer) }
    }

    @Test(
        arguments: [
            ("{}", nil), ("[]", nil), ("7", nil), ("{\"items\":null}", nil), ("{\"items\":{}}", nil),
            ("{\"items\":[]}", []),
            (
                "{\"x\":1,\"items\":[{\"quantity\":2,\"y\":[],\"productId\":\"A\"}]}",
                [UncheckedLine(productID: "A", quantity: .number(2))]
            ),
            (
                #"{"items":[{"quantity":8.0},{"quantity":1e2},{"quantity":0.5},{"quantity":"1"}]}"#,
                [.number(8), .number(100), .notAnInteger, .notAnInteger].map {
                    UncheckedLine(productID: nil, quantity: $0)
                }
            ),
            (
                "{\"items\":[{},null,7,{\"productId\":7,\"quantity\":null}]}",
                Array(repeating: UncheckedLine(productID: nil, quantity: .missing), count: 4)
            ),
            (
                "{\"items\":[{\"quantity\":1.5},{\"quantity\":\"2\"},{\"quantity\":99999999999999999999}]}",
                Array(repeating: UncheckedLine(productID: nil, quantity: .notAnInteger), count: 3)
            ),
        ] as [(String, [UncheckedLine]?)])
    func readsRequestLines(body: String, expected: [UncheckedLine]?) throws {
        #expect(try UncheckedLine.lines(of: Array(body.utf8).span) == expected)
    }

    @Test(arguments: ["", "{\"items\":[}", "{\"items\":[]", "{\"items\":[],\"items\":[]}"])
    func throwsForABodyThatIsNotJSON(body: String) {
        #expect(throws: JSONError.self) { try UncheckedLine.lines(of: Array(body.utf8).span) }
    }
}
