import Orders
import Testing

@Suite struct OrderRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var items: [UncheckedLine]?
        var failures: [String: [String]]
    }

    static let required = "ProductId is required."
    static let positive = "Quantity must be greater than 0."
    static let tooMany = "Quantity must not exceed 1000."

    @Test(arguments: [
        Case(testDescription: "missing", items: nil, failures: ["items": ["Items collection is required."]]),
        Case(
            testDescription: "empty", items: [], failures: ["items": ["At least one order item is required."]]
        ),
        Case(
            testDescription: "101 lines", items: Array(repeating: line("A", 1), count: 101),
            failures: ["items": ["At most 100 order items are allowed."]]),
        Case(testDescription: "zero", items: [line("A", 0)], failures: ["items[0].quantity": [positive]]),
        Case(
            testDescription: "negative", items: [line("A", -1)], failures: ["items[0].quantity": [positive]]),
        Case(testDescription: "least", items: [line("A", .min)], failures: ["items[0].quantity": [positive]]),
        Case(testDescription: "1001", items: [line("A", 1_001)], failures: ["items[0].quantity": [tooMany]]),
        Case(testDescription: "most", items: [line("A", .max)], failures: ["items[0].quantity": [tooMany]]),
        Case(
            testDescription: "no quantity", items: [UncheckedLine(productID: "A", quantity: .missing)],
            failures: ["items[0].quantity": [positive]]),
        Case(
            testDescription: "half", items: [UncheckedLine(productID: "A", quantity: .notAnInteger)],
            failures: ["items[0].quantity": ["Quantity must be a whole number."]]),
        Case(
            testDescription: "no product", items: [line(nil, 1)], failures: ["items[0].productId": [required]]
        ),
        Case(testDescription: "blank", items: [line(" \t", 1)], failures: ["items[0].productId": [required]]),
        Case(
            testDescription: "long", items: [line(String(repeating: "x", count: 65), 1)],
            failures: ["items[0].productId": ["ProductId must not be longer than 64 bytes."]]),
        Case(
            testDescription: "several", items: [line("A", 1), line("", 0), line("B", 0)],
            failures: [
                "items[1].productId": [required], "items[1].quantity": [positive],
                "items[2].quantity": [positive],
            ]),
        Case(
            testDescription: "merged too many", items: [line("A", 600), line("B", 1), line("A", 401)],
            failures: [
                "items[2].quantity": [
                    "The quantities of all lines of a product together must not exceed 1000."
                ]
            ]),
    ])
    func rejects(example: Case) {
        let error = #expect(throws: OrderValidationError.self) { try OrderRequest(checking: example.items) }
        let fields = (error?.fields ?? []).map { ($0.name, $0.messages) }
        #expect(Dictionary(fields, uniquingKeysWith: +) == example.failures)
    }

    @Test func mergesLinesOfTheSameProduct() throws {
        let request = try OrderRequest(checking: [line("B", 1), line("A", 2), line("B", 999)])
        #expect(
            request.lines == [.init(productID: "B", quantity: 1_000), .init(productID: "A", quantity: 2)])
    }

    @Test func acceptsTheMaximumLinesAndQuantities() throws {
        let items = (0..<100).map { line("P-\($0)", 1_000) }
        #expect(try OrderRequest(checking: items).lines.count == 100)
    }

    @Test func collectsMessagesByField() {
        var error = OrderValidationError("items", "one")
        error.add("items", "two")
        #expect(error.fields == [.init(name: "items", messages: ["one", "two"])])
    }
}

func line(_ productID: String?, _ quantity: Int64) -> UncheckedLine {
    UncheckedLine(productID: productID, quantity: .number(quantity))
}
