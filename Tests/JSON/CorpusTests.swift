import JSON
import TestSupport
import Testing

/// The files of JSONTestSuite: `y_` has to be accepted, `n_` refused, `i_` is left to the parser.
@Suite(.enabled(if: Corpora.has("JSONTestSuite")))
struct JSONCorpusTests {
    /// RFC 8259 lets a parser refuse them; this one does, since the two values would be read differently elsewhere.
    private static let refused: Set = [
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
    ]

    @Test func everyFileIsAcceptedOrRefusedAsItsNameSays() throws {
        let files = try Corpora.files(in: "test_parsing", of: "JSONTestSuite")
        #expect(files.count > 300)
        for file in files {
            let bytes = try Corpora.bytes("test_parsing/\(file)", of: "JSONTestSuite")
            let value = try? JSONValue(parsing: bytes.span)
            let isSkipped = ErrorCode.thrown(skipping: bytes) == nil
            #expect(isSkipped == (value != nil), "\(file): reading and skipping differ")
            switch file.prefix(2) {
            case "y_": #expect((value != nil) == !Self.refused.contains(file), "\(file)")
            case "n_": #expect(value == nil, "\(file)")
            default: break
            }
            guard let value else { continue }
            #expect(try JSONValue(parsing: value.encode().span) == value, "\(file): written and read differ")
        }
    }
}
