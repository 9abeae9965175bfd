import JSON
import TestSupport
import Testing

struct MutationTests {
    /// No crash; `skip()` and parsing agree; parsed values survive a round trip.
    @Test func skippingAgreesWithParsingForMutatedDocuments() {
        var generator = DocumentGenerator(seed: 1)
        for _ in 0..<4_000 {
            let document = generator.random.mutate(
                generator.document(generator.value()), alphabet: DocumentGenerator.alphabet)
            let skipped = ErrorCode.thrown(skipping: document)
            do {
                let value = try JSONValue(parsing: document.span)
                #expect(skipped == nil)
                #expect(try JSONValue(parsing: value.encode().span) == value)
            } catch {
                #expect(skipped == error.code)
            }
        }
    }

    @Test func rejectsEveryProperPrefix() {
        let document = Array(#"{"a":[1.5e3,"x\u00e9\ud83d\ude00",true,null,{"b":-0}]}"#.utf8)
        #expect(ErrorCode.thrown(skipping: document) == nil)
        for count in 0..<document.count {
            let code = ErrorCode.thrown(skipping: Array(document.prefix(count)))
            #expect(code == .unexpectedEnd || code == .loneSurrogate)
        }
    }
}
