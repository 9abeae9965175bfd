import Testing

@testable import Bytes

@Suite struct ByteStringTests {
    /// Pairs that are canonically equivalent, and one that is not.
    static let different = [
        ("Jos\u{E9}", "Jose\u{301}"), ("\u{212B}", "A\u{30A}"), ("\u{212B}", "\u{C5}"),
        ("\u{212A}S-101", "KS-101"),
        ("a\u{37E}", "a;"), ("\u{1FEF}", "`"), ("\u{AC00}", "\u{1100}\u{1161}"), ("\u{F900}", "\u{8C48}"),
        ("a", "b"),
    ]

    @Test(arguments: different) func equivalentTextsDiffer(one: String, other: String) {
        let (left, right) = (ByteString(one), ByteString(other))
        #expect(left != right && !one.hasSameBytes(as: other))
        #expect(Set([left, right]).count == 2)
        #expect((left < right) != (right < left))
        #expect([left: 1, right: 2][left] == 1)
        #expect(left == ByteString(String(decoding: Array(one.utf8), as: UTF8.self)))
    }

    @Test func orderIsThatOfTheBytes() {
        let texts = ["", "a", "aa", "b", "z", "\u{E9}", "\u{212A}", "\u{1F600}"]
        #expect(texts.reversed().map { ByteString($0) }.sorted().map(\.text) == texts)
    }

    @Test(arguments: 0..<40) func hashesDependOnEveryByte(length: Int) {
        let text = String(repeating: "x", count: length)
        #expect(ByteString(text).hashValue == ByteString(text).hashValue)
        #expect(ByteString(text).hashValue != ByteString(text + "x").hashValue)
    }

    @Test func aUUIDIsReadAndWritten() {
        let text = "0197a3f2-5b1c-7d4e-8f60-123456789abc"
        #expect(UUID(text)?.description == text)
        #expect(UUID(text.uppercased())?.description == text)
        #expect(UUID(ascii: text.uppercased().utf8Span.span, isStrict: true) == nil)
        #expect(UUID(ascii: text.utf8Span.span, isStrict: true)?.description == text)
        for wrong in ["", "0197a3f25b1c7d4e8f60123456789abc", text + "0", text.replacing("-", with: "g")] {
            #expect(UUID(wrong) == nil)
        }
    }
}
