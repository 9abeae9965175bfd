import JSON
import Testing

/// Valid and invalid JSON texts by sections of RFC 8259.
struct GrammarTests {
    @Test(
        arguments: [
            // Section 2: whitespace, any value at the top
            "null", " \t\r\n true \n", "false", "0", "\"\"", "[]", "{}", "[ ]", "{ }", "\n[\n1\n,\n2\n]\n",
            // Section 3 and 4
            "{\"a\":1}", "{\"a\" : 1 , \"b\" : {}}", "{\"\":0}", "{\"a\":{\"a\":{\"a\":null}}}",
            "{\"\\u0061b\":1,\"b\":2}",
            // Section 5
            "[1,[2,[3]],\"x\",null,true]", "[[]]", "[{}]", "[null]",
            // Section 6
            "-0", "-1", "10", "0.0", "1.5e10", "1E+2", "1e-2", "0e0", "0.00001",
            "123456789012345678901234567890",
            "-0.1e-999", "1e9999", "4.9406564584124654e-324",
            // Section 7
            #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9\u00E9""#, #""\uD83D\uDE00""#, #""\uFFFF""#,
            "\"é\"",
            "\"\u{7F}\"", "\"\u{2028}\"", "\"😀\"", "\"\u{10FFFF}\"", "\"0123456701234567\\n0123456789\"",
        ])
    func accepts(_ text: String) throws {
        _ = try JSONValue(parsing: text)
    }

    @Test(
        arguments: [
            ("", .unexpectedEnd), (" ", .unexpectedEnd), ("\u{FEFF}null", .unexpectedByte),
            // Section 2
            ("\u{0B}1", .unexpectedByte), ("\u{A0}1", .unexpectedByte), ("1 2", .trailingBytes),
            ("[]]", .trailingBytes), ("{}x", .trailingBytes), ("null\0", .trailingBytes),
            ("// x\n1", .unexpectedByte),
            ("/**/1", .unexpectedByte),
            // Section 3
            ("nul", .unexpectedEnd), ("nulL", .unexpectedByte), ("True", .unexpectedByte),
            ("tru", .unexpectedEnd),
            ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte), ("undefined", .unexpectedByte),
            ("nullx", .trailingBytes), ("'a'", .unexpectedByte),
            // Section 4
            ("{", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
            ("{\"a\":1", .unexpectedEnd),
            ("{\"a\":1,}", .unexpectedByte), ("{,}", .unexpectedByte), ("{a:1}", .unexpectedByte),
            ("{1:1}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte),
            ("{\"a\":1 \"b\":2}", .unexpectedByte),
            ("{\"a\"::1}", .unexpectedByte), ("{\"a\":1]", .unexpectedByte), ("{\"a\":}", .unexpectedByte),
            ("{\"a\":1,\"a\":2}", .duplicateKey), ("{\"a\":1,\"\\u0061\":2}", .duplicateKey),
            ("{\"x\":{\"\":1,\"\":1}}", .duplicateKey),
            // Section 5
            ("[", .unexpectedEnd), ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), ("[1,]", .unexpectedByte),
            ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte), ("[1,,2]", .unexpectedByte),
            ("[1}", .unexpectedByte),
            ("]", .unexpectedByte), ("[1:2]", .unexpectedByte),
            // Section 6
            ("01", .invalidNumber), ("-01", .invalidNumber), ("00", .invalidNumber), ("1.", .unexpectedEnd),
            (".5", .unexpectedByte), ("+1", .unexpectedByte), ("-", .unexpectedEnd), ("--1", .invalidNumber),
            ("1.e1", .invalidNumber), ("1e", .unexpectedEnd), ("1e+", .unexpectedEnd),
            ("1ee1", .invalidNumber),
            ("1e1.5", .trailingBytes), ("0x10", .trailingBytes), ("1_000", .trailingBytes),
            ("-a", .invalidNumber),
            ("1.5.5", .trailingBytes), ("[-]", .invalidNumber), ("１", .unexpectedByte),
            // Section 7
            ("\"", .unexpectedEnd), ("\"abc", .unexpectedEnd), ("\"\\", .unexpectedEnd),
            ("\"\\\"", .unexpectedEnd),
            ("\"\n\"", .controlCharacter), ("\"\t\"", .controlCharacter), ("\"\0\"", .controlCharacter),
            ("\"\u{1F}\"", .controlCharacter), ("\"\\x41\"", .invalidEscape), ("\"\\a\"", .invalidEscape),
            ("\"\\U0041\"", .invalidEscape), ("\"\\u004\"", .invalidEscape), ("\"\\u004", .unexpectedEnd),
            ("\"\\u00g0\"", .invalidEscape), ("\"\\'\"", .invalidEscape), ("\"\\u+041\"", .invalidEscape),
            ("\"\\uD800\"", .loneSurrogate), ("\"\\uDC00\"", .loneSurrogate),
            ("\"\\uD800x\"", .loneSurrogate),
            ("\"\\uD800\\n\"", .loneSurrogate), ("\"\\uD800\\uD800\"", .loneSurrogate),
            ("\"\\uDE00\\uD83D\"", .loneSurrogate), ("\"\\uD83D\\u", .unexpectedEnd),
        ] as [(String, JSONError.Code)])
    func rejects(_ text: String, _ code: JSONError.Code) {
        #expect(ErrorCode.thrown { () throws(JSONError) in _ = try JSONValue(parsing: text) } == code)
        #expect(ErrorCode.thrown(skipping: Array(text.utf8)) == code)
    }

    /// Section 8.1: only UTF-8 (RFC 3629).
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xFE], [0xFF], [0xC3, 0x28],
        ] as [[UInt8]])
    func rejectsMalformedUTF8(_ bytes: [UInt8]) {
        for padding in 0...9 {
            let fill = [UInt8](repeating: UInt8(ascii: "x"), count: padding)
            let document = [UInt8(ascii: "\"")] + fill + bytes + fill + [UInt8(ascii: "\"")]
            #expect(ErrorCode.thrown(skipping: document) == .invalidUTF8)
        }
    }

    /// UTF-16, UTF-32 and high bytes outside strings.
    @Test(
        arguments: [[0xFF, 0xFE, 0x31, 0], [0, 0x31], [0x31, 0], [0xE5], [0x5B, 0xFF, 0x5D]] as [[UInt8]])
    func rejectsOtherEncodings(_ bytes: [UInt8]) {
        #expect(ErrorCode.thrown(skipping: bytes) != nil)
    }

    /// Covers each of the eight positions in a SWAR word.
    @Test func checksEveryASCIIByteAtEveryPosition() {
        for byte in UInt8.min...0x7F {
            for position in 0..<17 {
                var content = [UInt8](repeating: UInt8(ascii: "a"), count: 17)
                content[position] = byte
                let code = ErrorCode.thrown(skipping: [UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")])
                switch byte {
                case 0..<0x20: #expect(code == .controlCharacter)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): #expect(code != nil)
                default: #expect(code == nil)
                }
            }
        }
    }

    /// Section 9.
    @Test func enforcesDepthAndSizeLimits() throws {
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSONValue(parsing: deep)
        #expect(ErrorCode.thrown(skipping: Array("[\(deep)]".utf8)) == .tooDeep)
        #expect(ErrorCode.thrown(skipping: [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)) == .tooDeep)
        let limits = JSONLimits(bytes: 10)
        _ = try JSONValue(parsing: "\"12345678\"", limits: limits)
        #expect(
            ErrorCode.thrown { () throws(JSONError) in
                _ = try JSONValue(parsing: "\"123456789\"", limits: limits)
            }
                == .tooLarge)
    }
}

enum ErrorCode {
    /// The code of the error that `body` throws, or nil.
    static func thrown(by body: () throws(JSONError) -> Void) -> JSONError.Code? {
        do {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    static func thrown(skipping bytes: [UInt8]) -> JSONError.Code? {
        thrown { () throws(JSONError) in
            try JSONReader.read(bytes.span) { (reader) throws(JSONError) in try reader.skip() }
        }
    }
}
