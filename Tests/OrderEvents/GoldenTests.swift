import Foundation
import JSON
import OrderEvents
import Orders
import Testing

@Suite struct GoldenTests {
    /// FNV-1a of each file.
    static let digests: [(OrderEventType, UInt64)] = [
        (.accepted, 0x1539_28FE_CC12_2669), (.processed, 0xAC42_C6D8_C9DF_B014),
        (.failed, 0x041E_5F23_5A79_5FA0), (.cancelled, 0xC65A_6E6B_6437_B90E),
    ]

    /// A published schema does not change; a changed schema is a new version in new files.
    @Test func publishedSchemasAreUnchanged() throws {
        for (type, digest) in Self.digests {
            var actual: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in try SchemaValidator.bytes("Schemas/\(type.rawValue).schema.json") {
                actual = (actual ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            #expect(actual == digest, "\(type.rawValue) is 0x\(String(actual, radix: 16))")
        }
    }

    @Test func everyTypeHasASchemaAGoldenMessageAndAChannel() throws {
        let document = String(decoding: try SchemaValidator.bytes("asyncapi.yaml"), as: UTF8.self)
        for type in OrderEventType.allCases {
            let golden = try SchemaValidator.json("Schemas/\(type.rawValue).golden.json")
            let schema = try SchemaValidator.json("Schemas/\(type.rawValue).schema.json")
            #expect(try SchemaValidator.violation(in: golden, against: schema) == nil)
            #expect(document.contains("name: \(type.rawValue)\n"))
            #expect(document.contains("'./Schemas/\(type.rawValue).schema.json'"))
        }
        let folder = SchemaValidator.folder.appending(path: "Schemas").path()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count == 2 * OrderEventType.allCases.count)
    }

    @Test func encodesGoldenMessagesByteForByte() throws {
        try checkRoundTrip(OrderAccepted.self)
        try checkRoundTrip(OrderProcessed.self)
        try checkRoundTrip(OrderFailed.self)
        try checkRoundTrip(OrderCancelled.self)
    }

    @Test func decodesTheGoldenMessage() throws {
        let bytes = try SchemaValidator.bytes("Schemas/order.accepted.v1.golden.json")
        let accepted = try OrderAccepted(decoding: bytes.span)
        #expect(accepted.correlationID == CorrelationID("0197a3f2-5b1c-7d4e-8f60-123456789abc"))
        #expect(accepted.orderID == OrderID(1_001))
        #expect(accepted.customer == UserID("CUST-0001"))
        #expect(accepted.acceptedAt == Timestamp("2026-11-20T15:54:06.123Z"))
        #expect(accepted.lines.map(\.productID) == ["AZ-104", "DP-900"])
        #expect(accepted.lines.map(\.quantity) == [2, 1])
        #expect(accepted.lines.map(\.unitPrice.hundredths) == [14_095, 950])
    }

    private func checkRoundTrip<Event: OrderEvent>(_ type: Event.Type) throws {
        let golden = Array(try SchemaValidator.bytes("Schemas/\(Event.type.rawValue).golden.json").dropLast())
        let event = try Event(decoding: golden.span)
        #expect(event.encode() == golden)
        #expect(try Event(decoding: event.encode().span) == event)
    }
}
