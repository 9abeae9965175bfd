import JSON
import Testing

struct NumberTests {
    static func read<Value>(
        _ text: String, _ body: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        try JSONReader.read(text.utf8.span, body)
    }

    @Test(arguments: [0, 1, -1, 42, 1 << 53, Int.max, Int.min, Int.max - 9, Int.min + 9])
    func readsIntegers(_ value: Int) throws {
        #expect(try Self.read(" \(value) ") { (reader) throws(JSONError) in try reader.int() } == value)
    }

    @Test(
        arguments: [
            ("9223372036854775808", .outOfRange), ("-9223372036854775809", .outOfRange),
            ("99999999999999999999999", .outOfRange), ("18446744073709551616", .outOfRange),
            ("1.0", .notAnInteger), ("1e2", .notAnInteger), ("-0.0", .notAnInteger), ("01", .invalidNumber),
            ("-", .unexpectedEnd), ("1.", .unexpectedEnd), ("\"1\"", .wrongKind), ("null", .wrongKind),
            ("x", .unexpectedByte), ("", .unexpectedEnd),
        ] as [(String, JSONError.Code)])
    func rejectsNonIntegers(_ text: String, _ code: JSONError.Code) {
        #expect(
            ErrorCode.thrown { () throws(JSONError) in
                _ = try Self.read(text) { (reader) throws(JSONError) in try reader.int() }
            } == code)
    }

    @Test func checksTheRangeOfNarrowIntegers() throws {
        #expect(
            try Self.read("255") { (reader) throws(JSONError) in try reader.integer(as: UInt8.self) } == 255)
        for text in ["256", "-1"] {
            #expect(
                ErrorCode.thrown { () throws(JSONError) in
                    _ = try Self.read(text) { (reader) throws(JSONError) in try reader.integer(as: UInt8.self)
                    }
                } == .outOfRange)
        }
    }

    @Test(
        arguments: [
            ("0", 0, 0), ("-0.000e7", 0, 0), ("12.30", 123, -1), ("1200", 12, 2), ("1.5e3", 15, 2),
            ("-49.90", -499, -1),
            ("9223372036854775807", .max, 0), ("-9223372036854775808", .min, 0), ("0.01", 1, -2),
            ("100.00", 1, 2),
            ("1.00000000000000000000000000", 1, 0), ("10e-1", 1, 0), ("1E+05", 1, 5),
        ] as [(String, Int64, Int)])
    func readsDecimalsExactly(_ text: String, _ mantissa: Int64, _ exponent: Int) throws {
        let decimal = try Self.read(text) { (reader) throws(JSONError) in try reader.decimal() }
        #expect(decimal == JSONDecimal(mantissa: mantissa, exponent: exponent))
    }

    @Test(arguments: ["9223372036854775808", "1.0000000000000000001", "1e1000000", "-92233720368547758.09"])
    func rejectsDecimalsOutOfRange(_ text: String) {
        #expect(
            ErrorCode.thrown { () throws(JSONError) in
                _ = try Self.read(text) { (reader) throws(JSONError) in try reader.decimal() }
            } == .outOfRange)
    }

    @Test(
        arguments: [
            ("12.30", 1230), ("12.3", 1230), ("12", 1200), ("0.01", 1), ("-0.01", -1), ("1e2", 10000),
            ("0", 0),
            ("0.001", nil), ("12.345", nil), ("12.340", 1234), ("1e30", nil), ("92233720368547758.07", .max),
            ("92233720368547758.08", nil), ("1e-100000", nil), ("0e99999", 0),
        ] as [(String, Int64?)])
    func scalesDecimalsToHundredths(_ text: String, _ cents: Int64?) throws {
        let read = ErrorCode.thrown { () throws(JSONError) in
            let decimal = try Self.read(text) { (reader) throws(JSONError) in try reader.decimal() }
            #expect(decimal.scaled(places: 2) == cents)
        }
        #expect(read == nil || cents == nil)
    }

    @Test(arguments: [
        0.0, 1.5, -2.25, 0.1, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16, 123456789.123,
    ])
    func doublesSurviveARoundTrip(_ value: Double) throws {
        let text = String(decoding: JSONWriter.encode { $0.double(value) }, as: UTF8.self)
        #expect(try Self.read(text) { (reader) throws(JSONError) in try reader.double() } == value)
    }

    @Test func rejectsDoublesOutOfRange() {
        #expect(
            ErrorCode.thrown { () throws(JSONError) in
                _ = try Self.read("1e999") { (reader) throws(JSONError) in try reader.double() }
            } == .outOfRange)
        #expect(JSONWriter.encode { $0.double(.infinity) } == Array("null".utf8))
    }
}
