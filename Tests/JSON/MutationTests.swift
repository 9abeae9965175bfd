import JSON
import TestSupport
import Testing

struct MutationTests {
    /// Nothing crashes, skipping is as strict as reading, and what is read reads the same when written again.
    @Test func survivesMutation() {
        var generator = DocumentGenerator(seed: 1)
        for _ in 0..<4_000 {
            let document = generator.random.mutate(
                generator.document(generator.value()), alphabet: DocumentGenerator.alphabet)
            let skipped = Reading.code(skipping: document)
            do {
                let value = try JSONValue(parsing: document.span)
                #expect(skipped == nil)
                #expect(try JSONValue(parsing: value.encode().span) == value)
            } catch {
                #expect(skipped == error.code)
            }
        }
    }

    /// A document cut anywhere is no document.
    @Test func refusesEveryPrefix() {
        let document = Array(#"{"a":[1.5e3,"x\u00e9\ud83d\ude00",true,null,{"b":-0}]}"#.utf8)
        #expect(Reading.code(skipping: document) == nil)
        for count in 0..<document.count {
            let code = Reading.code(skipping: Array(document.prefix(count)))
            #expect(code == .unexpectedEnd || code == .loneSurrogate)
        }
    }
}
