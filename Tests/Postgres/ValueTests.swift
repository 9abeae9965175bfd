import EventLoop
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct ValueTests {
    /// The server's text of a value, and the value after a round trip.
    @Loop
    private func echo<Value: PostgresEncodable & PostgresDecodable>(
        _ value: Value, as type: String, on connection: PostgresConnection
    ) async throws -> (text: String?, value: Value) {
        let statement = PostgresStatement("SELECT $1::\(type)::text, $1::\(type)", reused: false)
        let row = try await connection.query(statement, value).one()
        return (try row.decode(0), try row.decode(1))
    }

    @Test(arguments: [0, 1, -1, Int64.max, Int64.min]) @Loop
    func integers(_ number: Int64) async throws {
        try await LiveServer.withSchema { connection, _ in
            let answer = try await echo(number, as: "int8", on: connection)
            #expect(answer.text == "\(number)")
            #expect(answer.value == number)
        }
    }

    @Test(arguments: [
        ("0", 0, 0), ("0.00", 0, 2), ("0.01", 1, 2), ("-0.05", -5, 2), ("19.99", 1999, 2),
        ("100.00", 10_000, 2),
        ("10000", 10_000, 0), ("12345678.9", 123_456_789, 1), ("0.0001", 1, 4), ("0.00010", 10, 5),
        ("92233720368547758.07", Int64.max, 2), ("-9223372036854775808", Int64.min, 0),
        ("0.000000000000000001", 1, 18), ("9.223372036854775807", Int64.max, 18),
        ("1000000.00", 100_000_000, 2),
    ])
    @Loop
    func numerics(_ text: String, _ unscaled: Int64, _ scale: Int) async throws {
        let number = PostgresNumeric(unscaled: unscaled, scale: scale)
        #expect(number.description == text)
        try await LiveServer.withSchema { connection, _ in
            let answer = try await echo(number, as: "numeric", on: connection)
            #expect(answer.text == text)
            #expect(answer.value == number)
        }
    }

    @Test @Loop func refusesNumericsOutOfRangeInsteadOfRounding() async throws {
        try await LiveServer.withSchema { connection, _ in
            for text in ["NaN", "Infinity", "1e30", "9223372036854775808", "0.0000000000000000001"] {
                let row = try await connection.query(
                    PostgresStatement("SELECT '\(text)'::numeric", reused: false)
                )
                .one()
                let error = #expect(throws: PostgresError.self) { try row.numeric(0) }
                #expect(error?.code == .decoding)
            }
        }
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00+00"), (1, "1970-01-01 00:00:00.000001+00"),
        (-1, "1969-12-31 23:59:59.999999+00"), (951_782_400_000_000, "2000-02-29 00:00:00+00"),
        (1_795_190_640_120_000, "2026-11-20 16:04:00.12+00"),
        (-62_135_596_800_000_000, "0001-01-01 00:00:00+00"),
    ])
    @Loop
    func timestamps(_ microseconds: Int64, _ text: String) async throws {
        try await LiveServer.withSchema { connection, _ in
            let time = PostgresTimestamp(microseconds: microseconds)
            let answer = try await echo(time, as: "timestamptz", on: connection)
            #expect(answer.text == text)
            #expect(answer.value == time)
        }
    }

    @Test @Loop func otherScalars() async throws {
        try await LiveServer.withSchema { (connection, _) async throws in
            let id = PostgresUUID(high: 0x0197_f3a0_1b2c_7def, low: 0x8123_4567_89ab_cdef)
            #expect(
                try await echo(id, as: "uuid", on: connection) == ("0197f3a0-1b2c-7def-8123-456789abcdef", id)
            )
            #expect(try await echo(true, as: "bool", on: connection) == ("true", true))
            #expect(try await echo("", as: "text", on: connection) == ("", ""))
            #expect(try await echo("naïve 🛶", as: "text", on: connection).value == "naïve 🛶")
            #expect(try await echo(2.5, as: "float8", on: connection) == ("2.5", 2.5))
            #expect(try await echo(Int32(-7), as: "int4", on: connection) == ("-7", -7))
            #expect(
                try await echo(PostgresJSON(#"{"a":[1]}"#), as: "jsonb", on: connection).value.text
                    == #"{"a": [1]}"#)
            #expect(
                try await echo(PostgresBytes([0, 255]), as: "bytea", on: connection) == (
                    #"\x00ff"#, PostgresBytes([0, 255])
                ))
            #expect(try await echo(String?.none, as: "text", on: connection) == (nil, nil))
        }
    }

    @Test @Loop func arrays() async throws {
        try await LiveServer.withSchema { (connection, _) async throws in
            #expect(try await echo([Int64](), as: "int8[]", on: connection) == ("{}", []))
            #expect(try await echo([Int64(1), -2], as: "int8[]", on: connection) == ("{1,-2}", [1, -2]))
            let texts = ["a", "", "NULL", #"q"uo\te"#, "{,}", "ü"]
            #expect(try await echo(texts, as: "text[]", on: connection).value == texts)
            #expect(try await echo(["a", nil], as: "text[]", on: connection) == ("{a,NULL}", ["a", nil]))
            let prices = [PostgresNumeric(unscaled: 1999, scale: 2), PostgresNumeric(unscaled: -5, scale: 2)]
            #expect(try await echo(prices, as: "numeric[]", on: connection) == ("{19.99,-0.05}", prices))
            let times = [
                PostgresTimestamp(milliseconds: 0), PostgresTimestamp(milliseconds: 1_795_190_640_120),
            ]
            #expect(try await echo(times, as: "timestamptz[]", on: connection).value == times)
            let ids = [PostgresUUID(high: 1, low: 2), PostgresUUID(high: .max, low: .max)]
            #expect(try await echo(ids, as: "uuid[]", on: connection).value == ids)
            let documents = [PostgresJSON("{}"), PostgresJSON("[1, 2]")]
            #expect(try await echo(documents, as: "jsonb[]", on: connection).value == documents)
        }
    }

    @Test @Loop func decodingErrorsNameTheColumn() async throws {
        try await LiveServer.withSchema { connection, _ in
            let statement = PostgresStatement(
                "SELECT 1::int8 AS one, NULL::text AS nothing, 'x'::text AS word")
            let row = try await connection.query(statement).one()
            let mismatch = #expect(throws: PostgresError.self) { try row.string(0) }
            #expect(mismatch?.message == "column 0 \"one\" is int8, not String")
            let null = #expect(throws: PostgresError.self) { try row["nothing"].string() }
            #expect(null?.message == "column 1 \"nothing\" is NULL, not String")
            #expect(throws: PostgresError.self) { try row["unknown"].string() }
            #expect(throws: PostgresError.self) { try row.int64(3) }
            #expect(throws: PostgresError.self) { try row.int64(2) }
            let (one, nothing, word) = try row.decode(Int64.self, String?.self, String.self)
            #expect(one == 1 && nothing == nil && word == "x")
        }
    }
}

/// Values as no server of today sends them; they are refused, or decoded, and never trap.
@Suite struct ForeignValueTests {
    private func bytes(_ value: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }

    @Test func timestampsOfAnyYearAreDecodedOrRefused() {
        // 294276-12-31, the last one that PostgreSQL stores.
        let last: Int64 = 9_223_371_331_199_999_999
        for value in [last, .max, .max - 1, .min, .min + 1, -211_813_488_000_000_000, 0, 1, -1] {
            let time = unsafe PostgresTimestamp.decode(bytes(value).span.bytes, type: .timestamptz)
            #expect((time == nil) == (value > Int64.max - 946_684_800_000_000 || value == .min), "\(value)")
            _ = time?.milliseconds
        }
        #expect(PostgresTimestamp(microseconds: .min).milliseconds < 0)
        #expect(PostgresTimestamp(microseconds: -1).milliseconds == -1)
        #expect(PostgresTimestamp(microseconds: -1000).milliseconds == -1)
        var encoded: [UInt8] = []
        #expect(PostgresTimestamp(microseconds: .min).encode(into: &encoded) && encoded.count == 8)
    }

    @Test func randomBytesNeverTrap() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let value = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0 ... .max, using: &random)].randomElement(
                    using: &random)!
            }
            let numeric = unsafe PostgresNumeric.decode(value.span.bytes, type: .numeric)
            _ = numeric?.unscaled(atScale: 2)
            _ = numeric?.description
            _ = unsafe PostgresTimestamp.decode(value.span.bytes, type: .timestamptz)?.milliseconds
            _ = unsafe PostgresUUID.decode(value.span.bytes, type: .uuid)
            _ = unsafe Int32.decode(value.span.bytes, type: .int4)
            _ = unsafe Int64.decode(value.span.bytes, type: .int8)
            _ = unsafe String.decode(value.span.bytes, type: .text)
            _ = unsafe [Int64].decode(value.span.bytes, type: .int8Array)
        }
    }
}
