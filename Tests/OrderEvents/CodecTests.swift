import JSON
import OrderEvents
import Orders
import Testing

/// Golden messages with one member changed, which codec and schema must accept or reject alike.
@Suite struct CodecTests {
    @Test func reportsTheMissingMember() throws {
        for type in OrderEventType.allCases {
            let golden = try SchemaValidator.json("Schemas/\(type.rawValue).golden.json")
            let schema = try SchemaValidator.json("Schemas/\(type.rawValue).schema.json")
            for member in golden.members ?? [] {
                let without = JSONValue.object((golden.members ?? []).filter { $0.key != member.key })
                #expect(try SchemaValidator.violation(in: without, against: schema) == "$: required")
                #expect(decodingError(of: type, without)?.description == "\(member.key) is missing.")
            }
        }
    }

    @Test func unknownMembersAreIgnored() throws {
        for type in OrderEventType.allCases {
            let golden = try SchemaValidator.json("Schemas/\(type.rawValue).golden.json")
            let more = JSONValue.object((golden.members ?? []) + [.init("later", ["a": [1, nil]])])
            #expect(decodingError(of: type, more) == nil)
        }
    }

    static let values: [(OrderEventType, String, JSONValue, Bool)] = [
        (.accepted, "correlationId", "0197A3F2-5B1C-7D4E-8F60-123456789ABC", true),
        (.accepted, "correlationId", "0197a3f25b1c7d4e8f60123456789abc", false),
        (.accepted, "correlationId", 7, false),
        (.accepted, "orderId", 1, true),
        (.accepted, "orderId", .number("9007199254740991"), true),
        (.accepted, "orderId", .number("9007199254740992"), false),
        (.accepted, "orderId", 0, false),
        (.accepted, "orderId", -1, false),
        (.accepted, "orderId", "1", false),
        (.accepted, "orderId", .number("1.5"), false),
        (.accepted, "customerId", "", false),
        (.accepted, "customerId", .string(String(repeating: "u", count: 129)), false),
        (.accepted, "customerId", nil, false),
        (.accepted, "acceptedAt", "2026-11-20T15:54:06Z", true),
        (.accepted, "acceptedAt", "2026-11-20 15:54:06Z", false),
        (.accepted, "acceptedAt", 1_700_000_000, false),
        (.accepted, "items", [], false),
        (.accepted, "items", nil, false),
        (.accepted, "items", [line()], true),
        (.accepted, "items", .array(Array(repeating: line(), count: 100)), true),
        (.accepted, "items", .array(Array(repeating: line(), count: 101)), false),
        (.accepted, "items", [line(quantity: 1_000)], true),
        (.accepted, "items", [line(quantity: 1_001)], false),
        (.accepted, "items", [line(quantity: 0)], false),
        (.accepted, "items", [line(quantity: .number("1e3"))], false),
        (.accepted, "items", [line(product: "")], false),
        (.accepted, "items", [line(product: .string(String(repeating: "x", count: 65)))], false),
        (.accepted, "items", [line(price: 0)], true),
        (.accepted, "items", [line(price: .number("99999999.99"))], true),
        (.accepted, "items", [line(price: .number("100000000"))], false),
        (.accepted, "items", [line(price: .number("-0.01"))], false),
        (.accepted, "items", [line(price: "1.00")], false),
        (.accepted, "items", [["productId": "A", "quantity": 1]], false),
        (.accepted, "items", ["A"], false),
        (.processed, "processedAt", "yesterday", false),
        (.cancelled, "cancelledAt", nil, false),
        (.failed, "reason", "", false),
        (.failed, "reason", .string(String(repeating: "r", count: 512)), true),
        (.failed, "reason", .string(String(repeating: "r", count: 513)), false),
    ]

    @Test(arguments: values.indices)
    func codecAndSchemaAgree(index: Int) throws {
        let (type, key, value, isValid) = Self.values[index]
        let golden = try SchemaValidator.json("Schemas/\(type.rawValue).golden.json")
        let schema = try SchemaValidator.json("Schemas/\(type.rawValue).schema.json")
        let changed = JSONValue.object(
            (golden.members ?? []).map { $0.key == key ? JSONValue.Member(key, value) : $0 })
        #expect(try (SchemaValidator.violation(in: changed, against: schema) == nil) == isValid)
        let error = decodingError(of: type, changed)
        #expect((error == nil) == isValid)
        #expect(error.map { $0.code != .malformed && $0.field.hasPrefix(key) } ?? true, "\(error as Any)")
    }

    /// Constraints that the schema cannot express.
    static let stricterCases: [(String, JSONValue, String)] = [
        ("customerId", "a\u{1}b", "customerId"),
        ("customerId", "   ", "customerId"),
        ("acceptedAt", "2026-02-30T00:00:00Z", "acceptedAt"),
        ("items", [line(price: .number("1.005"))], "items[0].unitPrice"),
        (
            "items",
            .array(Array(repeating: line(quantity: 1_000, price: .number("99999999.99")), count: 11)), "items"
        ),
    ]

    @Test(arguments: stricterCases)
    func codecRejectsWhatTheSchemaCannotExpress(key: String, value: JSONValue, field: String) throws {
        let golden = try SchemaValidator.json("Schemas/order.accepted.v1.golden.json")
        let changed = JSONValue.object(
            (golden.members ?? []).map { $0.key == key ? JSONValue.Member(key, value) : $0 })
        let error = decodingError(of: .accepted, changed)
        #expect(error?.code == .invalidField)
        #expect(error?.field == field)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "\"x\"", "{\"orderId\":1,\"orderId\":1}", "{\"x\":\"\u{1}\"}",
    ])
    func reportsOtherDocumentsAsMalformed(text: String) {
        let error = #expect(throws: EventError.self) { try OrderProcessed(decoding: Array(text.utf8).span) }
        #expect(error?.code == .malformed)
        #expect(error?.field == "")
    }

    @Test func truncatesALongReasonAtACharacterBoundary() throws {
        let id = try #require(OrderID(1))
        let long = String(repeating: "é", count: 300)
        let failed = OrderFailed(
            correlationID: CorrelationID(high: 1, low: 2), orderID: id, reason: "x" + long)
        #expect(failed.reason.utf8.count == 511)
        #expect(try OrderFailed(decoding: failed.encode().span) == failed)
        #expect(OrderFailed(correlationID: failed.correlationID, orderID: id, reason: "").reason == "unknown")
    }
}

func line(
    product: JSONValue = "AZ-104", quantity: JSONValue = 1, price: JSONValue = .number("1.00")
) -> JSONValue {
    ["productId": product, "quantity": quantity, "unitPrice": price]
}

func decodingError(of type: OrderEventType, _ body: JSONValue) -> EventError? {
    do throws(EventError) {
        let bytes = body.encode()
        switch type {
        case .accepted: _ = try OrderAccepted(decoding: bytes.span)
        case .processed: _ = try OrderProcessed(decoding: bytes.span)
        case .failed: _ = try OrderFailed(decoding: bytes.span)
        case .cancelled: _ = try OrderCancelled(decoding: bytes.span)
        }
        return nil
    } catch {
        return error
    }
}
