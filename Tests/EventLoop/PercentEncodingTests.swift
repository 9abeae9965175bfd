import EventLoop
import Testing

/// RFC 3986, section 2.1.
@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%41%62", "Ab"), ("%c3%BC", "ü"), ("a+b", "a+b"),
        ("%2525", "%25"),
        ("%00", "\0"), ("ü", "ü"),
    ])
    func decodes(text: String, decoded: String) {
        #expect(PercentEncoding.decode(text) == decoded)
    }

    @Test(arguments: [
        "%", "a%", "%4", "%4g", "%g4", "%%41", "%+1", "% 1", "%ff", "%c3", "%c0%af", "%ed%a0%80",
    ])
    func rejectsBrokenEscapesAndInvalidUTF8(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test func decodesPlusAsSpaceInForms() {
        #expect(PercentEncoding.decode("a+b%2B".utf8.span, plusIsSpace: true) == "a b+")
    }

    @Test func encodesAllButUnreservedCharacters() {
        #expect(PercentEncoding.encode("aZ09-._~") == "aZ09-._~")
        #expect(PercentEncoding.encode("a b/ü%+") == "a%20b%2F%C3%BC%25%2B")
    }

    @Test func decodingReversesEncoding() {
        let text = String(String.UnicodeScalarView((0..<0x800).compactMap { Unicode.Scalar($0) }))
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
    }
}
