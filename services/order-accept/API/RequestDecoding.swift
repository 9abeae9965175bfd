import HTTP
import JSON
import OrderEvents
import Orders
import Service

extension HTTPRequest {
    /// The validated body of `POST /api/orders`.
    func orderRequest() throws(Problem) -> OrderRequest {
        try checkContentType()
        let lines: [UncheckedLine]?
        do throws(JSONError) { lines = try UncheckedLine.lines(of: body.span) } catch {
            throw .validation([("$", ["The body is not valid JSON."])])
        }
        do throws(OrderValidationError) { return try OrderRequest(checking: lines) } catch {
            throw Problem(error)
        }
    }

    func checkContentType() throws(Problem) {
        guard isJSON else {
            throw Problem(
                .unsupportedMediaType, "The body must be application/json.",
                headers: ["Accept-Post": "application/json"])
        }
    }

    /// `application/json`, in any case, with or without parameters (RFC 9110, 8.3.1).
    private var isJSON: Bool {
        headers.withValue("Content-Type") { value in
            let wanted: StaticString = "application/json"
            guard let value, value.count >= wanted.utf8CodeUnitCount else { return false }
            var index = 0
            for byte in "application/json".utf8 {
                // Case differs in this bit of letters alone, and no other byte of the name becomes equal by it.
                guard value[index] | 0x20 == byte | 0x20 else { return false }
                index += 1
            }
            return index == value.count || [0x20, 0x09, 0x3B].contains(value[index])
        }
    }

    private static let pageParameters = ["offset", "size", "after"]

    /// `offset` and `size` of the query.
    func page(defaultSize: Int) throws(Problem) -> (offset: Int, size: Int) {
        let names = queryItems.map(\.name).filter(Self.pageParameters.contains)
        // Two values would leave open which is meant.
        guard Set(names).count == names.count, let offset = number("offset", default: 0),
            let size = number("size", default: defaultSize),
            offset >= 0, Catalogue.pageSizes.contains(size)
        else { throw .invalidPage }
        return (offset, size)
    }

    /// `size`, and either `offset` or `after` of the query.
    func orderRange() throws(Problem) -> PageRange {
        let (offset, size) = try page(defaultSize: 10)
        guard let text = query("after") else {
            guard offset <= PageRange.largestOffset else { throw .offsetTooLarge }
            return PageRange(start: .offset(offset), size: size)
        }
        guard query("offset") == nil, let cursor = OrderCursor(text: text) else { throw .invalidPage }
        return PageRange(start: .after(cursor), size: size)
    }

    private func number(_ name: String, default fallback: Int) -> Int? {
        guard let text = query(name) else { return fallback }
        return Int(text)
    }

    func orderID() throws(Problem) -> OrderID {
        guard let id = OrderID(parameter("id")) else { throw Problem(.badRequest, "Invalid order id.") }
        return id
    }

    func correlationID() throws(Problem) -> CorrelationID {
        guard let id = CorrelationID(parameter("correlationId")) else {
            throw Problem(.badRequest, "Invalid correlation id.")
        }
        return id
    }
}

extension HTTPRequest {
    /// The value of `Idempotency-Key`: 1–255 visible ASCII characters. Nil when there is none.
    func idempotencyKey() throws(Problem) -> String? {
        guard headers.contains("Idempotency-Key") else { return nil }
        let values = headers.values("Idempotency-Key")
        guard values.count == 1, (1...255).contains(values[0].utf8.count),
            values[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .validation([("Idempotency-Key", ["Idempotency-Key must be 1 to 255 visible characters."])])
        }
        return values[0]
    }

    /// Whether the edge has sent this request to another replica before, which may have carried it out.
    var isRepeatedByEdge: Bool { edgeKey != nil && headers.contains("Edge-Repeated") }

    /// A key from the edge's name for this request, which it sends again to another replica when this one dies. Nil
    /// without an edge.
    var edgeKey: String? {
        let names = headers.values("Edge-Request-Id")
        guard names.count == 1, names[0].utf8.count == 32, names[0].allSatisfy(\.isHexDigit) else {
            return nil
        }
        return "edge:" + names[0]
    }
}
